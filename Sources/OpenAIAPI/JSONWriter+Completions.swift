import PinionJSON

extension JSONWriter {
    /// The keys that a completion and its chunks begin with, brace included, the comma before `choices` not.
    mutating func completionHead(
        id: String, object: StaticString, created: Int, model: String, systemFingerprint: String
    ) {
        raw(#"{"id":"#)
        string(id)
        raw(#","object":""#)
        raw(object)
        raw(#"","created":"#)
        integer(created)
        raw(#","model":"#)
        string(model)
        raw(#","system_fingerprint":"#)
        string(systemFingerprint)
    }

    mutating func usage(_ usage: Usage) {
        raw(#"{"prompt_tokens":"#)
        integer(usage.promptTokens)
        raw(#","completion_tokens":"#)
        integer(usage.completionTokens)
        raw(#","total_tokens":"#)
        integer(usage.totalTokens)
        if let cached = usage.cachedTokens {
            raw(#","prompt_tokens_details":{"cached_tokens":"#)
            integer(cached)
            raw("}")
        }
        raw("}")
    }

    /// The `logprobs` of a choice, null when nobody asked for them.
    mutating func logprobs(_ tokens: [TokenLogprob]?) {
        guard let tokens else { return raw("null") }
        raw(#"{"content":["#)
        list(tokens) { writer, token in
            writer.tokenLogprob(token.token, token.logprob, token.bytes)
            writer.raw(#","top_logprobs":["#)
            writer.list(token.topLogprobs) { writer, alternative in
                writer.tokenLogprob(alternative.token, alternative.logprob, alternative.bytes)
                writer.raw("}")
            }
            writer.raw("]}")
        }
        raw(#"],"refusal":null}"#)
    }

    /// The keys that a token and its alternatives share; the object stays open.
    private mutating func tokenLogprob(_ token: String, _ logprob: Double, _ bytes: [UInt8]?) {
        raw(#"{"token":"#)
        string(token)
        raw(#","logprob":"#)
        decimal(logprob.isFinite ? logprob : TokenLogprob.floor)
        raw(#","bytes":"#)
        guard let bytes else { return raw("null") }
        raw("[")
        list(bytes) { $0.integer($1) }
        raw("]")
    }
}
