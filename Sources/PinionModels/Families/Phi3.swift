extension DecoderFamily {
    /// Llama's blocks, stored with queries, keys and values in one matrix and gate and up in another; LongRoPE.
    ///
    /// Source: Abdin et al., "Phi-3 Technical Report" (2024).
    static let phi3 = DecoderFamily()
}
