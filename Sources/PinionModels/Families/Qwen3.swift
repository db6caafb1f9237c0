extension DecoderFamily {
    /// Llama's blocks with norms over each head of queries and keys.
    ///
    /// Source: Qwen Team, "Qwen3 Technical Report" (2025).
    static let qwen3 = DecoderFamily(attention: Attention(innerNorm: .heads))
}
