import PinionJSON
package import TextGeneration

/// Makes the events of one streamed reply.
///
/// Each method returns one whole server-sent event, `data: {…}` and a blank line. All share one `id` and `created`;
/// what never changes is encoded once, at the start, because a chunk is made for each token of each stream.
package struct ChatCompletionChunkEncoder: Sendable {
    /// `data: {"id":…,"choices":[{"index":`
    private let choiceHead: [UInt8]
    /// `data: {"id":…,"choices":[`
    private let head: [UInt8]
    /// What follows the list of choices in every chunk but the last.
    private let tail: [UInt8]
    /// `{"reasoning_content":`
    private let reasoningHead: [UInt8]
    private let shape: ReplyShape

    /// - Parameters:
    ///   - created: seconds since 1970.
    ///   - includeUsage: the client asked for usage: every chunk then carries the key, null until the last.
    package init(
        id: String, created: Int, model: String, systemFingerprint: String, includeUsage: Bool,
        shape: ReplyShape = ReplyShape()
    ) {
        self.shape = shape
        reasoningHead = Array("{\"\(shape.reasoningField.rawValue)\":".utf8)
        var writer = JSONWriter()
        writer.raw("data: ")
        writer.completionHead(
            id: id, object: "chat.completion.chunk", created: created, model: model,
            systemFingerprint: systemFingerprint)
        writer.raw(#","choices":["#)
        head = writer.bytes
        writer.raw(#"{"index":"#)
        choiceHead = writer.bytes
        tail = Array((includeUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    }

    /// The first chunk of a choice: the role and empty content.
    package func role(index: Int = 0) -> [UInt8] {
        chunk(index: index) { $0.raw(#"{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#) }
    }

    /// A piece of text.
    ///
    /// - Parameter logprobs: those of the tokens that made `text`; nil when the request did not ask for them.
    package func content(_ text: String, index: Int = 0, logprobs: [TokenReport]? = nil) -> [UInt8] {
        self.text(text, after: Self.contentHead, index: index, logprobs: logprobs)
    }

    /// A piece of what the model thinks.
    package func reasoning(_ text: String, index: Int = 0, logprobs: [TokenReport]? = nil) -> [UInt8] {
        self.text(text, after: reasoningHead, index: index, logprobs: logprobs)
    }

    private static let contentHead = Array(#"{"content":"#.utf8)

    private func text(_ text: String, after head: [UInt8], index: Int, logprobs: [TokenReport]?) -> [UInt8] {
        chunk(index: index, capacity: text.utf8.count) { writer in
            writer.raw(head)
            writer.string(text)
            writer.raw(#"},"logprobs":"#)
            writer.logprobs(logprobs)
            writer.raw(#","finish_reason":null}"#)
        }
    }

    /// The last chunk of a choice: nothing but the reason.
    package func finish(_ reason: FinishReason, index: Int = 0) -> [UInt8] {
        chunk(index: index) { writer in
            writer.raw(#"{},"logprobs":null,"finish_reason":""#)
            writer.raw(shape.finishReason(reason))
            writer.raw(#""}"#)
        }
    }

    /// The chunk after the last choice, for a client that asked for usage: no choices.
    package func usage(_ usage: Usage) -> [UInt8] {
        var writer = JSONWriter(head)
        writer.raw(#"],"usage":"#)
        writer.usage(usage)
        writer.raw("}\n\n")
        return writer.bytes
    }

    /// The beginning of a call: its name, and arguments that are empty.
    ///
    /// - Parameter call: Which of the choice's calls, from 0.
    package func callStart(_ start: ToolCallDelta.Start, call: Int, index: Int = 0) -> [UInt8] {
        chunk(index: index, capacity: start.name.utf8.count) { writer in
            switch shape.call(of: start.name) {
            case .oldFunction: writer.raw(#"{"function_call":{"name":"#)
            case .function:
                writer.callHead(call, id: start.id)
                writer.raw(#","type":"function","function":{"name":"#)
            case .custom:
                writer.callHead(call, id: start.id)
                writer.raw(#","type":"custom","custom":{"name":"#)
            }
            writer.string(start.name)
            switch shape.call(of: start.name) {
            case .oldFunction: writer.raw(#","arguments":""}}"#)
            case .function: writer.raw(#","arguments":""}}]}"#)
            case .custom: writer.raw(#","input":""}}]}"#)
            }
            writer.raw(Self.callTail)
        }
    }

    /// More of a call's arguments.
    ///
    /// - Parameter name: The call's, which its first chunk told.
    package func callArguments(_ text: String, name: String, call: Int, index: Int = 0) -> [UInt8] {
        chunk(index: index, capacity: text.utf8.count) { writer in
            switch shape.call(of: name) {
            case .oldFunction: writer.raw(#"{"function_call":{"arguments":"#)
            case .function:
                writer.callHead(call)
                writer.raw(#","function":{"arguments":"#)
            case .custom:
                writer.callHead(call)
                writer.raw(#","custom":{"input":"#)
            }
            writer.string(text)
            writer.raw(shape.usesFunctions ? "}}" : "}}]}")
            writer.raw(Self.callTail)
        }
    }

    /// Log probabilities come with no call: those of its tokens are not told.
    private static let callTail: StaticString = #","logprobs":null,"finish_reason":null}"#

    /// Room for the fixed parts between head and tail, so that one allocation usually holds the event.
    private static let frameLength = 96

    private func chunk(index: Int, capacity: Int = 0, _ delta: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: choiceHead.count + tail.count + Self.frameLength + capacity)
        writer.raw(choiceHead)
        writer.integer(index)
        writer.raw(#","delta":"#)
        delta(&writer)
        writer.raw(tail)
        return writer.bytes
    }
}

extension JSONWriter {
    /// What a chunk says of a call before its function.
    fileprivate mutating func callHead(_ call: Int, id: String? = nil) {
        raw(#"{"tool_calls":[{"index":"#)
        integer(call)
        guard let id else { return }
        raw(#","id":"#)
        string(id)
    }
}
