import PinionJSON
import TextGeneration

/// The objects of a reply. Every key that a client's types have is there, null where it has nothing to say: the types
/// of Anthropic's packages promise them all.
extension JSONWriter {
    /// The keys that a message begins with, brace included, up to `content` and its colon.
    mutating func messageHead(id: String, model: String) {
        raw(#"{"id":"#)
        string(id)
        raw(#","type":"message","role":"assistant","model":"#)
        string(model)
        raw(#","content":"#)
    }

    /// The keys behind the content, and the closing brace.
    ///
    /// - Parameter reason: Why the message ended; nil at its beginning.
    mutating func messageTail(_ reason: FinishReason?, _ usage: Usage) {
        raw(",")
        stop(reason)
        raw(#","diagnostics":null,"usage":"#)
        self.usage(usage)
        raw("}")
    }

    /// Why a message ended: the keys without braces.
    mutating func stop(_ reason: FinishReason?) {
        raw(#""stop_reason":"#)
        if let reason {
            raw("\"")
            raw(reason.stopReason)
            raw("\"")
        } else {
            raw("null")
        }
        raw(#","stop_sequence":"#)
        stringOrNull(reason?.stopSequence)
        raw(#","stop_details":null,"container":null"#)
    }

    mutating func usage(_ usage: Usage) {
        raw("{")
        usageCounts(usage)
        raw(#","cache_creation":null,"server_tool_use":null,"service_tier":"standard","speed":null"#)
        raw(#","inference_geo":null}"#)
    }

    /// The usage of a message that has ended.
    mutating func finalUsage(_ usage: Usage) {
        raw("{")
        usageCounts(usage)
        raw(#","server_tool_use":null}"#)
    }

    /// The counts of tokens. `input_tokens` leaves out the tokens that the cache had, which stand under a key of their own.
    /// Writing the cache costs nothing here, so that its count is 0.
    private mutating func usageCounts(_ usage: Usage) {
        let cached = usage.cachedTokens ?? 0
        raw(#""input_tokens":"#)
        integer(max(usage.promptTokens - cached, 0))
        raw(#","cache_creation_input_tokens":0,"cache_read_input_tokens":"#)
        integer(cached)
        raw(#","output_tokens":"#)
        integer(usage.completionTokens)
        raw(#","output_tokens_details":{"thinking_tokens":"#)
        integer(usage.reasoningTokens)
        raw("}")
    }

    mutating func textBlock(_ text: String) {
        raw(#"{"type":"text","text":"#)
        string(text)
        raw(#","citations":null}"#)
    }

    mutating func thinkingBlock(_ text: String, signature: String) {
        raw(#"{"type":"thinking","thinking":"#)
        string(text)
        raw(#","signature":"#)
        string(signature)
        raw("}")
    }

    /// A call up to its input's colon; ``callTail()`` follows the input.
    mutating func callHead(id: String, name: String) {
        raw(#"{"type":"tool_use","id":"#)
        string(id)
        raw(#","name":"#)
        string(name)
        raw(#","input":"#)
    }

    mutating func callTail() {
        raw(#","caller":{"type":"direct"}}"#)
    }
}
