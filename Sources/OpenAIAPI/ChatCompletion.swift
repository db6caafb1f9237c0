import PinionJSON
package import TextGeneration

/// The reply to a request that does not stream.
package struct ChatCompletion: Sendable, Equatable {
    /// One of the `n` completions.
    package struct Choice: Sendable, Equatable {
        package var index: Int
        package var content: String
        /// What the model thought; empty where it was not told.
        package var reasoning = ""
        package var toolCalls: [ToolCall] = []
        /// Those of the content; nil when the request did not ask for them.
        package var logprobs: [TokenReport]?
        /// Those of the reasoning; empty when the request did not ask for them.
        package var reasoningLogprobs: [TokenReport] = []
        package var finishReason: FinishReason

        package init(index: Int, content: String, logprobs: [TokenReport]? = nil, finishReason: FinishReason) {
            self.index = index
            self.content = content
            self.logprobs = logprobs
            self.finishReason = finishReason
        }
    }

    package var id: String
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    package var systemFingerprint: String
    package var choices: [Choice]
    package var usage: Usage
    package var shape: ReplyShape

    package init(
        id: String, created: Int, model: String, systemFingerprint: String, choices: [Choice], usage: Usage,
        shape: ReplyShape = ReplyShape()
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.systemFingerprint = systemFingerprint
        self.choices = choices
        self.usage = usage
        self.shape = shape
    }

    /// The body of the reply, keys in the specification's order.
    package var body: [UInt8] {
        var writer = JSONWriter()
        writer.completionHead(
            id: id, object: "chat.completion", created: created, model: model, systemFingerprint: systemFingerprint)
        writer.raw(#","choices":["#)
        writer.list(choices) { writer, choice in
            writer.raw(#"{"index":"#)
            writer.integer(choice.index)
            writer.raw(#","message":"#)
            writer.message(of: choice, shape)
            writer.raw(#","logprobs":"#)
            writer.logprobs(choice.logprobs, reasoning: choice.reasoningLogprobs, as: shape.reasoningField)
            writer.raw(#","finish_reason":""#)
            writer.raw(shape.finishReason(choice.finishReason))
            writer.raw(#""}"#)
        }
        writer.raw(#"],"usage":"#)
        writer.usage(usage)
        writer.raw("}")
        return writer.bytes
    }
}

extension FinishReason {
    /// The reason as the wire spells it, but for a request in OpenAI's older spelling.
    package var wireName: StaticString {
        switch self {
        case .stop, .stopString: "stop"
        case .length, .contextEnd: "length"
        case .toolCalls: "tool_calls"
        }
    }
}
