import PinionTensor

extension DecoderFamily {
    /// Layer norm, learned positions, a plain GELU feed-forward, and biases everywhere.
    ///
    /// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
    static let gpt2 = DecoderFamily(
        norm: .layer, attention: Attention(needsBiases: true),
        feedForward: FeedForward(isGated: false, activation: .geluTanh))
}
