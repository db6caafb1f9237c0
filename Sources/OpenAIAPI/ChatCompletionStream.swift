package import TextGeneration

/// Turns the events of a generation into the bytes of a streamed reply.
///
///     var stream = ChatCompletionStream(request, by: model, created: now)
///     bytes = stream.opening
///     bytes += try stream.encode(event)
///     bytes += try stream.end()
package struct ChatCompletionStream: Sendable {
    private let encoder: ChatCompletionChunkEncoder
    private let choices: Int
    private let hasLogprobs: Bool
    private let includesUsage: Bool
    private var order: EventOrder

    /// - Parameter created: Seconds since 1970.
    package init(_ request: ChatCompletionRequest, by model: ServedModel, created: Int) {
        encoder = ChatCompletionChunkEncoder(
            id: CompletionID.random(), created: created, model: model.id, systemFingerprint: model.fingerprint,
            includeUsage: request.includeUsage)
        choices = request.generation.choices
        hasLogprobs = request.generation.reportedAlternatives != nil
        includesUsage = request.includeUsage
        order = EventOrder(choices: request.generation.choices)
    }

    /// The first chunk of every choice.
    package var opening: [UInt8] {
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
        case .reasoning, .toolCall: throw .untold(event)
        case .finished(let choice, let reason): return encoder.finish(reason, index: choice)
        }
    }

    /// What follows the last event: the usage, for a client that asked for it, and `[DONE]`.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package func end() throws(GenerationError) -> [UInt8] {
        let usage = try order.completeUsage()
        return (includesUsage ? encoder.usage(usage) : []) + ServerSentEvents.done
    }
}
