package import TextGeneration

/// Collects the events of a generation into the reply that does not stream.
package struct ChatCompletionAssembly: Sendable {
    private let model: ServedModel
    private let created: Int
    private let shape: ReplyShape
    private var order: EventOrder
    private var choices: [ChatCompletion.Choice]

    /// - Parameter created: Seconds since 1970.
    package init(_ request: ChatCompletionRequest, by model: ServedModel, created: Int) {
        self.model = model
        self.created = created
        shape = ReplyShape(of: request)
        let request = request.generation
        order = EventOrder(choices: request.choices)
        choices = (0..<request.choices).map {
            ChatCompletion.Choice(
                index: $0, content: "", logprobs: request.reportedAlternatives == nil ? nil : [], finishReason: .stop)
        }
    }

    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    package mutating func add(_ event: GenerationEvent) throws(GenerationError) {
        try order.advance(event)
        switch event {
        case .accepted, .warned, .usage: break
        case .text(let choice, let text, let reports):
            choices[choice].content += text
            choices[choice].logprobs?.append(contentsOf: reports)
        case .reasoning(let choice, let text, let reports):
            choices[choice].reasoning += text
            if choices[choice].logprobs != nil { choices[choice].reasoningLogprobs += reports }
        case .toolCall(let choice, let delta):
            if let start = delta.start {
                try shape.checkIndex(delta.index)
                choices[choice].toolCalls.append(ToolCall(id: start.id, name: start.name, arguments: ""))
            }
            choices[choice].toolCalls[delta.index].arguments += delta.arguments
        case .finished(let choice, let reason):
            choices[choice].finishReason = reason
        }
    }

    /// The body of the reply, once every event was added.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package func body() throws(GenerationError) -> [UInt8] {
        ChatCompletion(
            id: CompletionID.random(), created: created, model: model.id, systemFingerprint: model.fingerprint,
            choices: choices, usage: try order.completeUsage(), shape: shape
        ).body
    }
}
