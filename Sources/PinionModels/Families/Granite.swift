extension DecoderFamily {
    /// Llama's blocks with factors of embeddings, scores, what blocks add, and logits.
    ///
    /// Source: the configuration and model of Granite in transformers.
    static let granite = DecoderFamily()
}
