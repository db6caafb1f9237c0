import PinionJSON
import TextGeneration

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
        if usage.reasoningTokens > 0 {
            raw(#","completion_tokens_details":{"reasoning_tokens":"#)
            integer(usage.reasoningTokens)
            raw("}")
        }
        raw("}")
    }

    /// The `logprobs` of a choice, null when nobody asked for them.
    ///
    /// - Parameters:
    ///   - reasoning: Those of the tokens that made the reasoning, under a key of its own that OpenAI does not have: joined
    ///     with the content's they would no longer spell the content.
    ///   - field: What the reasoning is called.
    mutating func logprobs(
        _ reports: [TokenReport]?, reasoning: [TokenReport] = [], as field: ReasoningField = .reasoningContent
    ) {
        guard let reports else { return raw("null") }
        raw(#"{"content":["#)
        self.reports(reports)
        raw(#"],"refusal":null"#)
        if !reasoning.isEmpty {
            raw(",")
            string(field.rawValue)
            raw(":[")
            self.reports(reasoning)
            raw("]")
        }
        raw("}")
    }

    mutating func reports(_ reports: [TokenReport]) {
        list(reports) { writer, report in
            writer.candidate(report.token)
            writer.raw(#","top_logprobs":["#)
            writer.list(report.alternatives) { writer, alternative in
                writer.candidate(alternative)
                writer.raw("}")
            }
            writer.raw("]}")
        }
    }

    /// What OpenAI writes as the logarithm of a token of no probability: JSON has no infinity.
    private static var lowestLogprob: Double { -9999 }

    /// The keys that a token and its alternatives share; the object stays open.
    private mutating func candidate(_ candidate: TokenReport.Candidate) {
        raw(#"{"token":"#)
        string(String(decoding: candidate.bytes, as: UTF8.self))
        raw(#","logprob":"#)
        let logprob = Double(candidate.logprob)
        decimal(logprob.isFinite ? logprob : Self.lowestLogprob)
        raw(#","bytes":["#)
        list(candidate.bytes) { $0.integer($1) }
        raw("]")
    }
}
