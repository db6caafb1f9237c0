import TextGeneration

/// What is known of a generation by the end of its request, for the access log.
struct CompletionRecord: Sendable, Equatable {
    /// Tokens of the prompt, once it was accepted.
    var promptTokens: Int?
    /// Time from the whole request until its prompt was made and had its place.
    var timeToAcceptance: Duration?
    /// How it ended and what it took; nil while that is not known.
    var outcome: Outcome?
    /// What it took, of a prompt that was accepted; nil while that is not known.
    var usage: Usage? { promptTokens == nil ? nil : outcome?.usage }
    /// Why the choices ended, in the order of their ends.
    var reasons: [FinishReason] = []
    /// Time from the whole request to the first text of the reply.
    var timeToFirstText: Duration?
    /// Time from the first text to the usage.
    var timeAfterFirstText: Duration?

    /// Generated tokens per second, over all choices together, after the first token of each; nil where nothing follows
    /// the first tokens, and for a generation that was not completed.
    ///
    /// The first tokens are left out because their time is that of the prompt.
    var rate: Double? {
        guard let outcome, outcome.end == .completed, let time = timeAfterFirstText, time > .zero else { return nil }
        let tokens = outcome.usage.completionTokens - reasons.count
        return tokens > 0 ? Double(tokens) / (time / .seconds(1)) : nil
    }
}
