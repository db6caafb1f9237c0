/// What a model's files say of generation.
package struct GenerationDefaults: Sendable, Equatable {
    /// Tokens that end a reply, of a folder; those of a GGUF file are in its tokenizer's metadata.
    package var endTokens: [Int32] = []
    package var temperature: Double?
    package var topP: Double?
    package var topK: Int?
    package var minP: Double?
    package var repetitionPenalty: Double?

    package init() {}
}
