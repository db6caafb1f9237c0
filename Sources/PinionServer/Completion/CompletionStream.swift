import NIOCore
import OpenAIAPI

/// Turns the events of a completion into the bytes of a streamed reply.
struct CompletionStream {
    private let encoder: ChatCompletionChunkEncoder
    private let choices: Int
    private let hasLogprobs: Bool
    private let includesUsage: Bool
    private var progress: CompletionProgress

    init(_ request: ChatCompletionRequest, by model: ServedModel, created: Int) {
        encoder = ChatCompletionChunkEncoder(
            id: CompletionID.random(), created: created, model: model.id, systemFingerprint: model.fingerprint,
            includeUsage: request.includeUsage)
        choices = request.n
        hasLogprobs = request.logprobs
        includesUsage = request.includeUsage
        progress = CompletionProgress(choices: request.n)
    }

    /// The first chunk of every choice.
    func writeOpening(to buffer: inout ByteBuffer) {
        for choice in 0..<choices { buffer.writeBytes(encoder.role(index: choice)) }
    }

    /// - Throws: ``ServerError`` for an event out of order or a missing one; what was written before stands.
    mutating func write(_ delivery: EventMailbox.Delivery, to buffer: inout ByteBuffer) throws(ServerError) {
        switch delivery {
        case .events(let events):
            for event in events { try write(event, to: &buffer) }
        case .silence:
            buffer.writeBytes(ServerSentEvents.ping)
        case .end:
            let usage = try progress.completeUsage()
            if includesUsage { buffer.writeBytes(encoder.usage(usage)) }
            buffer.writeBytes(ServerSentEvents.done)
        }
    }

    private mutating func write(_ event: TextEvent, to buffer: inout ByteBuffer) throws(ServerError) {
        try progress.advance(event)
        switch event {
        case .accepted, .usage: break
        case .text(let choice, let text, let logprobs):
            buffer.writeBytes(encoder.content(text, index: choice, logprobs: hasLogprobs ? logprobs : nil))
        case .finished(let choice, let reason):
            buffer.writeBytes(encoder.finish(reason, index: choice))
        }
    }
}
