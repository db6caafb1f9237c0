import OpenAIAPI

/// Collects the events of a completion into the reply that does not stream.
struct CompletionAssembly {
    private var progress: CompletionProgress
    private var choices: [ChatCompletion.Choice]

    init(_ request: ChatCompletionRequest) {
        progress = CompletionProgress(choices: request.n)
        choices = (0..<request.n).map {
            ChatCompletion.Choice(index: $0, content: "", logprobs: request.logprobs ? [] : nil, finishReason: .stop)
        }
    }

    /// - Throws: ``ServerError`` for an event out of order.
    mutating func add(_ event: TextEvent) throws(ServerError) {
        try progress.advance(event)
        switch event {
        case .accepted, .usage: break
        case .text(let choice, let text, let logprobs):
            choices[choice].content += text
            choices[choice].logprobs?.append(contentsOf: logprobs)
        case .finished(let choice, let reason):
            choices[choice].finishReason = reason
        }
    }

    /// - Throws: ``ServerError`` when events are missing.
    func completion(by model: ServedModel, created: Int) throws(ServerError) -> ChatCompletion {
        ChatCompletion(
            id: CompletionID.random(), created: created, model: model.id, systemFingerprint: model.fingerprint,
            choices: choices, usage: try progress.completeUsage())
    }
}
