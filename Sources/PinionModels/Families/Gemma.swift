import PinionModelFiles
import PinionTensor

extension DecoderFamily {
    /// Llama's blocks with a gated GELU, and embeddings times the root of their width.
    ///
    /// Source: Gemma Team, "Gemma" (2024).
    static let gemma = DecoderFamily(
        feedForward: FeedForward(activation: .geluTanh), embeddingFactor: { Float($0.width).squareRoot() })
}
