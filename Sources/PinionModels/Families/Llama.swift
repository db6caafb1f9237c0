extension DecoderFamily {
    /// RMS norm, grouped-query attention with rotary positions, gated SiLU feed-forward; also Mistral, with its window.
    ///
    /// Source: Touvron et al., "LLaMA" (2023) and "Llama 2" (2023).
    static let llama = DecoderFamily()
}
