import OpenAIAPI

/// What is known of a completion by the end of its request, for the access log.
struct CompletionRecord: Sendable, Equatable {
    /// Tokens of the prompt, once it was accepted.
    var promptTokens: Int?
    /// The whole cost; nil for a completion that was given up or failed.
    var usage: Usage?
    /// Why the choices ended, in the order of their ends.
    var reasons: [FinishReason] = []
    /// Time from the whole request to the first text of the reply.
    var timeToFirstText: Duration?
    /// Time from the first text to the usage.
    var timeAfterFirstText: Duration?

    /// Generated tokens per second, over all choices together, after the first token of each.
    ///
    /// The first tokens are left out because their time is that of the prompt. Nil where nothing follows them.
    var rate: Double? {
        guard let usage, let time = timeAfterFirstText, time > .zero else { return nil }
        let tokens = usage.completionTokens - reasons.count
        return tokens > 0 ? Double(tokens) / (time / .seconds(1)) : nil
    }
}
