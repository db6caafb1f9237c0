import PinionJSON
package import PinionWire
package import TextGeneration

/// Collects the events of a generation into the reply that does not stream.
///
///     var reply = MessageAssembly(request, by: model, seal: seal)
///     for event in events { try reply.add(event) }
///     body = try reply.body()
///
/// A call whose arguments are no whole JSON object, because the reply was cut, has the input `{}`, and a block of text
/// behind it holds what the model wrote of them: nothing that it said is lost, and no client runs a call with half an
/// input.
package struct MessageAssembly: Sendable {
    /// A block that grows. The text is a field of its own, so that it grows in place.
    private struct Block: Sendable {
        var start: Start
        /// The text, or the arguments as a JSON text.
        var text = ""
    }

    private enum Start: Sendable {
        case thinking, text
        case call(ToolCallDelta.Start)
    }

    private let id: String
    private let model: String
    private let display: MessagesRequest.ThinkingDisplay
    private let seal: any ReasoningSeal
    private var order = BlockOrder()
    private var blocks: [Block] = []
    private var reason: FinishReason?

    package init(
        _ request: MessagesRequest, by model: ServedModel, seal: any ReasoningSeal, id: String = MessageID.random()
    ) {
        self.id = id
        self.model = model.id
        display = request.thinkingDisplay
        self.seal = seal
    }

    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    package mutating func add(_ event: GenerationEvent) throws(GenerationError) {
        let step = try order.advance(event)
        if case .none = step { return }
        switch event {
        case .reasoning(_, let text, _): append(text, .thinking, step)
        case .text(_, let text, _): append(text, .text, step)
        case .toolCall(_, let delta):
            append(delta.arguments, delta.start.map { .call($0) } ?? .text, step)
        case .finished(_, let reason): self.reason = reason
        case .accepted, .warned, .usage: break
        }
    }

    private mutating func append(_ text: String, _ start: Start, _ step: BlockOrder.Step) {
        if case .begin = step { blocks.append(Block(start: start)) }
        blocks[blocks.count - 1].text += text
    }

    /// The body of the reply, once every event was added.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package func body() throws(GenerationError) -> [UInt8] {
        let usage = try order.completeUsage()
        var writer = JSONWriter()
        writer.messageHead(id: id, model: model)
        writer.raw("[")
        writer.list(blocks) { writer, block in write(block, to: &writer) }
        writer.raw("]")
        writer.messageTail(reason, usage)
        return writer.bytes
    }

    private func write(_ block: Block, to writer: inout JSONWriter) {
        switch block.start {
        case .thinking:
            writer.thinkingBlock(
                display == .omitted ? "" : block.text, signature: seal.seal(block.text, by: model))
        case .text: writer.textBlock(block.text)
        case .call(let start):
            writer.callHead(id: start.id, name: start.name)
            let arguments = Array(block.text.utf8)
            let isWhole = CallInput.isObject(arguments)
            writer.raw(isWhole ? arguments : CallInput.none)
            writer.callTail()
            if !isWhole, !arguments.isEmpty {
                writer.raw(",")
                writer.textBlock(block.text)
            }
        }
    }
}
