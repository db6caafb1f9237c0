import PinionJSON
package import TextGeneration

/// The reply to a request that does not stream.
package struct ChatCompletion: Sendable, Equatable {
    /// One of the `n` completions.
    package struct Choice: Sendable, Equatable {
        package var index: Int
        package var content: String
        /// nil when the request did not ask for them.
        package var logprobs: [TokenReport]?
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

    package init(
        id: String, created: Int, model: String, systemFingerprint: String, choices: [Choice], usage: Usage
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.systemFingerprint = systemFingerprint
        self.choices = choices
        self.usage = usage
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
            writer.raw(#","message":{"role":"assistant","content":"#)
            writer.string(choice.content)
            writer.raw(#"},"logprobs":"#)
            writer.logprobs(choice.logprobs)
            writer.raw(#","finish_reason":""#)
            writer.raw(choice.finishReason.wireName)
            writer.raw(#""}"#)
        }
        writer.raw(#"],"usage":"#)
        writer.usage(usage)
        writer.raw("}")
        return writer.bytes
    }
}

extension FinishReason {
    /// The reason as the wire spells it.
    package var wireName: StaticString {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        }
    }
}
