extension DecoderFamily {
    /// Norms after the blocks only, and over all heads of queries and of keys together; Olmo 3 has windows in three layers
    /// of four.
    ///
    /// Source: OLMo Team, "2 OLMo 2 Furious" (2025).
    static let olmo2 = DecoderFamily(
        attention: Attention(norms: .after, innerNorm: .projection), feedForward: FeedForward(norms: .after))
}
