extension DecoderFamily {
    /// Llama's blocks; every fourth layer leaves queries and keys as they are.
    ///
    /// Source: the configuration and model of SmolLM3 in transformers; Yang et al., "RoPE to NoPE and Back Again" (2025).
    static let smollm3 = DecoderFamily()
}
