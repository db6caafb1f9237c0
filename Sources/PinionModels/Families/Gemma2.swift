import PinionModelFiles
import PinionTensor

extension DecoderFamily {
    /// Gemma with norms around both blocks, windows in every other layer, and soft caps of scores and logits.
    ///
    /// Source: Gemma Team, "Gemma 2" (2024).
    static let gemma2 = DecoderFamily(
        attention: Attention(norms: .both), feedForward: FeedForward(norms: .both, activation: .geluTanh),
        embeddingFactor: { Float($0.width).squareRoot() })
}
