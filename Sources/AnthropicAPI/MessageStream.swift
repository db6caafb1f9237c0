import PinionJSON
package import PinionWire
package import TextGeneration

/// Turns the events of a generation into the bytes of a streamed reply.
///
///     var stream = MessageStream(request, by: model, seal: seal)
///     bytes = try stream.encode(event)        // for each event; the first one makes `message_start`
///     bytes += try stream.end()
///
/// Complexity: linear in the reply. The thinking of a block is kept until its end, where it is sealed.
package struct MessageStream: Sendable {
    private let events: MessageEventWriter
    private let model: String
    private let display: MessagesRequest.ThinkingDisplay
    private let seal: any ReasoningSeal
    private var order = BlockOrder()
    /// The text of the block of thinking that is open.
    private var thought = ""
    /// Whether the call that is open has arguments.
    private var hasArguments = false
    private var reason: FinishReason?

    package init(
        _ request: MessagesRequest, by model: ServedModel, seal: any ReasoningSeal, id: String = MessageID.random()
    ) {
        events = MessageEventWriter(id: id, model: model.id)
        self.model = model.id
        display = request.thinkingDisplay
        self.seal = seal
    }

    /// Nothing: `message_start` tells the tokens of the prompt, which the first event brings.
    package func opening() -> [UInt8] { [] }

    /// What keeps a silent connection open: an event of the protocol, because a comment does not restart the idle
    /// timers of clients.
    package func ping() -> [UInt8] { MessageEventWriter.ping }

    /// The bytes of one event, none for an event that the dialect does not tell.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    package mutating func encode(_ event: GenerationEvent) throws(GenerationError) -> [UInt8] {
        let step = try order.advance(event)
        var bytes: [UInt8] = []
        switch step {
        case .begin(let ended): bytes = close(ended, at: order.index - 1)
        case .end(let ended): bytes = close(ended, at: order.index)
        case .more, .none: break
        }
        let begins = if case .begin = step { true } else { false }
        switch event {
        case .accepted(let promptTokens, _): return events.start(promptTokens: promptTokens)
        case .warned: break
        case .usage(let usage): return events.delta(reason, usage)
        case .finished(_, let reason): self.reason = reason
        case .text(_, let text, _):
            if begins { bytes += events.textStart(order.index) }
            if !text.isEmpty { bytes += events.textDelta(text, order.index) }
        case .reasoning(_, let text, _):
            if begins { bytes += events.thinkingStart(order.index) }
            thought += text
            if display != .omitted, !text.isEmpty { bytes += events.thinkingDelta(text, order.index) }
        case .toolCall(_, let delta):
            if let start = delta.start {
                hasArguments = false
                bytes += events.callStart(start, order.index)
            }
            if !delta.arguments.isEmpty {
                hasArguments = true
                bytes += events.inputDelta(delta.arguments, order.index)
            }
        }
        return bytes
    }

    /// What a block ends with: the signature of thinking, the input of a call without arguments, and the stop.
    private mutating func close(_ block: BlockOrder.Block?, at index: Int) -> [UInt8] {
        guard let block else { return [] }
        var bytes: [UInt8] = []
        switch block {
        case .thinking:
            bytes = events.signatureDelta(seal.seal(thought, by: model), index)
            thought = ""
        case .text: break
        case .call: if !hasArguments { bytes = events.inputDelta("{}", index) }
        }
        return bytes + events.blockStop(index)
    }

    /// What follows the last event: `message_stop`.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package func end() throws(GenerationError) -> [UInt8] {
        _ = try order.completeUsage()
        return MessageEventWriter.stop
    }

    /// What ends a stream that failed after it had begun: the event `error`, and nothing after it.
    package func failure(_ error: APIError, requestID: String) -> [UInt8] {
        MessageEventWriter.error(error, requestID: requestID)
    }
}
