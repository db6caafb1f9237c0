/// What a model's files say of generation.
package struct GenerationDefaults: Sendable, Equatable {
    /// Tokens that end a reply, as a folder names them. A GGUF file names them in its tokenizer's metadata.
    package var endTokens: [Int32] = []
    package var temperature: Double?
    package var topP: Double?
    package var topK: Int?
    package var minP: Double?
    package var repetitionPenalty: Double?

    package init() {}
}
