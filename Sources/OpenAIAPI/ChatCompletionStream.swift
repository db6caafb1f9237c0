import PinionWire
package import TextGeneration

/// Turns the events of a generation into the bytes of a streamed reply.
///
///     var stream = ChatCompletionStream(request, by: model, created: now)
///     bytes = stream.opening()
///     bytes += try stream.encode(event)
///     bytes += try stream.end()
package struct ChatCompletionStream: Sendable {
    private let encoder: ChatCompletionChunkEncoder
    private let choices: Int
    private let hasLogprobs: Bool
    private let includesUsage: Bool
    private let shape: ReplyShape
    private var order: EventOrder
    /// The names of each choice's calls, of which the shape of their chunks depends.
    private var calls: [[String]]

    /// - Parameter created: Seconds since 1970.
    package init(_ request: ChatCompletionRequest, by model: ServedModel, created: Int) {
        shape = ReplyShape(of: request)
        encoder = ChatCompletionChunkEncoder(
            id: CompletionID.random(), created: created, model: model.id, systemFingerprint: model.fingerprint,
            includeUsage: request.includeUsage, shape: shape)
        choices = request.generation.choices
        hasLogprobs = request.generation.reportedAlternatives != nil
        includesUsage = request.includeUsage
        order = EventOrder(choices: request.generation.choices)
        calls = Array(repeating: [], count: request.generation.choices)
    }

    /// The first chunk of every choice.
    package func opening() -> [UInt8] {
        (0..<choices).flatMap { encoder.role(index: $0) }
    }

    /// The bytes of one event, none for an event that the dialect does not tell.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    package mutating func encode(_ event: GenerationEvent) throws(GenerationError) -> [UInt8] {
        try order.advance(event)
        switch event {
        case .accepted, .warned, .usage: return []
        case .text(let choice, let text, let reports):
            return encoder.content(text, index: choice, logprobs: hasLogprobs ? reports : nil)
        case .reasoning(let choice, let text, let reports):
            return encoder.reasoning(text, index: choice, logprobs: hasLogprobs ? reports : nil)
        case .toolCall(let choice, let delta): return try encode(delta, of: choice)
        case .finished(let choice, let reason): return encoder.finish(reason, index: choice)
        }
    }

    /// One chunk, or two for arguments that come with the beginning: clients expect a beginning without any.
    private mutating func encode(_ delta: ToolCallDelta, of choice: Int) throws(GenerationError) -> [UInt8] {
        var bytes: [UInt8] = []
        if let start = delta.start {
            try shape.checkIndex(delta.index)
            calls[choice].append(start.name)
            bytes = encoder.callStart(start, call: delta.index, index: choice)
        }
        if !delta.arguments.isEmpty {
            let name = calls[choice][delta.index]
            bytes += encoder.callArguments(delta.arguments, name: name, call: delta.index, index: choice)
        }
        return bytes
    }

    /// What follows the last event: the usage, for a client that asked for it, and `[DONE]`.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package func end() throws(GenerationError) -> [UInt8] {
        let usage = try order.completeUsage()
        return (includesUsage ? encoder.usage(usage) : []) + ServerSentEvents.done
    }
}
