extension DecoderFamily {
    /// Llama's blocks with YaRN, and queries that grow with their positions.
    ///
    /// Source: the configuration and model of Ministral 3 in transformers.
    static let mistral3 = DecoderFamily()
}
