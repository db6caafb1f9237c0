extension DecoderFamily {
    /// Llama's blocks with biases of queries, keys and values.
    ///
    /// Source: Qwen Team, "Qwen2 Technical Report" (2024).
    static let qwen2 = DecoderFamily(attention: Attention(needsBiases: true))
}
