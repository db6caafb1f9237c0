import PinionJSON
import PinionWire
import TextGeneration

/// Makes the events of one streamed reply.
///
/// Each method returns one whole server-sent event: a line `event:` with the type, without which Anthropic's packages
/// drop the event, a line `data:` with an object that names the type again, and a blank line.
struct MessageEventWriter: Sendable {
    let id: String
    let model: String

    static let ping = Array("event: ping\ndata: {\"type\":\"ping\"}\n\n".utf8)
    static let stop = Array("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".utf8)

    /// Room for what a delta has beside its text, so that one allocation usually holds the event.
    private static let frameLength = 160

    static func error(_ error: APIError, requestID: String) -> [UInt8] {
        Array("event: error\ndata: ".utf8) + AnthropicError.body(of: error, requestID: requestID) + Array("\n\n".utf8)
    }

    /// The message before its first block. How much of the prompt was reused is known only at the end, so that all of
    /// it counts as input until then.
    func start(promptTokens: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("event: message_start\ndata: {\"type\":\"message_start\",\"message\":")
        writer.messageHead(id: id, model: model)
        writer.raw("[]")
        writer.messageTail(nil, Usage(promptTokens: promptTokens, completionTokens: 0))
        writer.raw("}\n\n")
        return writer.bytes
    }

    /// The end of the message: why, and what it took in all.
    func delta(_ reason: FinishReason?, _ usage: Usage) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{")
        writer.stop(reason)
        writer.raw(#"},"usage":"#)
        writer.finalUsage(usage)
        writer.raw("}\n\n")
        return writer.bytes
    }

    // MARK: Blocks

    func textStart(_ index: Int) -> [UInt8] {
        blockStart(index) { $0.textBlock("") }
    }

    func thinkingStart(_ index: Int) -> [UInt8] {
        blockStart(index) { $0.thinkingBlock("", signature: "") }
    }

    func callStart(_ start: ToolCallDelta.Start, _ index: Int) -> [UInt8] {
        blockStart(index) { writer in
            writer.callHead(id: start.id, name: start.name)
            writer.raw("{}")
            writer.callTail()
        }
    }

    private func blockStart(_ index: Int, _ block: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":")
        writer.integer(index)
        writer.raw(#","content_block":"#)
        block(&writer)
        writer.raw("}\n\n")
        return writer.bytes
    }

    func blockStop(_ index: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":")
        writer.integer(index)
        writer.raw("}\n\n")
        return writer.bytes
    }

    // MARK: Deltas

    func textDelta(_ text: String, _ index: Int) -> [UInt8] {
        blockDelta(#"{"type":"text_delta","text":"#, text, index)
    }

    func thinkingDelta(_ text: String, _ index: Int) -> [UInt8] {
        blockDelta(#"{"type":"thinking_delta","thinking":"#, text, index)
    }

    func signatureDelta(_ signature: String, _ index: Int) -> [UInt8] {
        blockDelta(#"{"type":"signature_delta","signature":"#, signature, index)
    }

    func inputDelta(_ json: String, _ index: Int) -> [UInt8] {
        blockDelta(#"{"type":"input_json_delta","partial_json":"#, json, index)
    }

    private func blockDelta(_ head: StaticString, _ text: String, _ index: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: Self.frameLength + text.utf8.count)
        writer.raw("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":")
        writer.integer(index)
        writer.raw(#","delta":"#)
        writer.raw(head)
        writer.string(text)
        writer.raw("}}\n\n")
        return writer.bytes
    }
}
