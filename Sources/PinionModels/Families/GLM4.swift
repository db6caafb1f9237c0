extension DecoderFamily {
    /// Llama's blocks with norms around both, and half of each head rotated in neighbouring pairs.
    ///
    /// Source: the configuration and model of GLM-4 in transformers.
    static let glm4 = DecoderFamily(attention: Attention(norms: .both), feedForward: FeedForward(norms: .both))
}
