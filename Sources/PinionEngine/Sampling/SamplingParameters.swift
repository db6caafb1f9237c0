/// How the next token is chosen from the logits. Every parameter's default value leaves the model's distribution alone.
package struct SamplingParameters: Sendable, Equatable {
    /// 0 takes the most likely token.
    package var temperature: Float = 1
    /// Smallest set of most likely tokens whose probability reaches it; (0, 1].
    package var topP: Float = 1
    /// Only this many most likely tokens; nil for all.
    package var topK: Int?
    /// Only tokens at least this times as likely as the most likely one; [0, 1].
    package var minP: Float = 0
    /// Taken once off the logit of every token that the generated text holds.
    package var presencePenalty: Float = 0
    /// Taken off a token's logit for each time that the generated text holds it.
    package var frequencyPenalty: Float = 0
    /// Divides positive and multiplies negative logits of tokens in prompt or generated text; 1 for none.
    package var repetitionPenalty: Float = 1
    /// Added to single tokens' logits.
    package var logitBias: [Int32: Float] = [:]
    /// Equal seeds give equal text; see ``RandomStream``.
    package var seed: UInt64 = 0
    /// How many alternatives' log probabilities to report; nil for not even the chosen token's.
    package var logprobs: Int?

    package init() {}
}
