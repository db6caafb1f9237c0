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
    private var guesses: any Drafting = DraftSource()
    /// The tokens that were proposed last.
    private(set) var drafts: [Int32] = []
    /// Whether the drafts are the constraint's, from which nothing is learnt about guesses.
    private var isForced = false
    /// Tokens of the prompt that were found in the cache.
    var cachedTokens = 0
    /// Whether any of its tokens was computed.
    var isBegun = false
    /// When it had its last token.
    var lastSampled: ContinuousClock.Instant?

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

    /// Proposes the next tokens, leaving room for the one that is sampled after them: those that the constraint forces, or
    /// else guesses.
    ///
    /// - Returns: How many ``drafts`` there are.
    func propose(atMost limit: Int) -> Int {
        let limit = min(limit, lengthLimit - tokens.count - 1)
        drafts = limit > 0 ? choice.constraint.map { Array($0.forced(atMost: limit).prefix(limit)) } ?? [] : []
        isForced = !drafts.isEmpty
        if !isForced { drafts = guesses.propose(after: tokens, atMost: limit) }
        return drafts.count
    }

    /// Samples tokens from the rows of a step, for as long as they are the drafts from which the next row was computed.
    ///
    /// - Parameter rows: `[1 + drafts, vocabulary]`, the first after the last known token; overwritten.
    /// - Returns: How many drafts were sampled before the last token, and why the sequence ends with that one; nil if it
    ///   goes on. A sequence that ends with `.notFinite` or `.nothingAllowed` has no last token.
    func step(
        _ rows: UnsafeMutableBufferPointer<Float>, vocabulary: Int
    ) -> (accepted: Int, reason: SequenceOutcome.Reason?) {
        let drafted = rows.count / vocabulary - 1
        var accepted = 0
        while true {
            let row = accepted * vocabulary
            let reason = sample(UnsafeMutableBufferPointer(rebasing: rows[row..<row + vocabulary]))
            if reason == nil, accepted < drafted, tokens.last == drafts[accepted] {
                accepted += 1
                continue
            }
            if drafted > 0, !isForced { guesses.verified(accepted: accepted) }
            return (accepted, reason)
        }
    }

    /// Samples the next token and tells the sink.
    ///
    /// - Parameter logits: `[vocabulary]`; overwritten.
    /// - Returns: Why the sequence ends with this token; nil if it goes on.
    private func sample(_ logits: UnsafeMutableBufferPointer<Float>) -> SequenceOutcome.Reason? {
        let token: SampledToken
        switch sampler.sample(logits, constraint: choice.constraint) {
        case .token(let drawn): token = drawn
        case .notFinite: return .notFinite
        case .nothingAllowed: return .nothingAllowed
        }
        tokens.append(token.id)
        if endTokens.contains(token.id) { return .stop }
        choice.constraint?.advance(token.id)
        if choice.sink.accept(token) == .stop { return .stop }
        return tokens.count >= lengthLimit ? .length : nil
    }

    func finish(_ reason: SequenceOutcome.Reason) {
        choice.sink.finish(
            SequenceOutcome(
                reason: reason, generatedTokens: generatedCount, cachedTokens: cachedTokens, isBegun: isBegun))
    }
}
