import PinionTensor

/// One choice of one request, as the engine thread keeps it.
final class EngineSequence {
    let request: Engine.RequestID
    private(set) var tokens: [Int32]
    private let promptCount: Int
    /// Tokens it may have at most, prompt included.
    private let lengthLimit: Int
    private let endTokens: Set<Int32>
    private let choice: EngineRequest.Choice
    private let sampler: Sampler

    var generatedCount: Int { tokens.count - promptCount }

    init(_ id: Engine.RequestID, _ request: EngineRequest, choice index: Int, contextLength: Int, kernels: Kernels) {
        self.request = id
        tokens = request.prompt
        promptCount = request.prompt.count
        let room = contextLength - promptCount
        lengthLimit = promptCount + min(request.maximumTokens ?? room, room)
        endTokens = request.endTokens
        choice = request.choices[index]
        sampler = Sampler(request.sampling, prompt: request.prompt, stream: index, kernels: kernels)
    }

    /// Samples the next token and tells the sink.
    ///
    /// - Parameter logits: `[vocabulary]`; overwritten.
    /// - Returns: Why the sequence ends with this token; nil if it goes on.
    func step(_ logits: UnsafeMutableBufferPointer<Float>) -> SequenceOutcome.Reason? {
        for processor in choice.processors { processor.process(logits, generated: tokens[promptCount...]) }
        let token = sampler.sample(logits)
        tokens.append(token.id)
        if endTokens.contains(token.id) { return .stop }
        if choice.sink.accept(token) == .stop { return .stop }
        return tokens.count >= lengthLimit ? .length : nil
    }

    func finish(_ reason: SequenceOutcome.Reason) {
        choice.sink.finish(SequenceOutcome(reason: reason, generatedTokens: generatedCount))
    }
}
