import PinionModelFiles
import PinionTensor

extension DecoderFamily {
    /// Gemma 2 without soft caps, with norms over the heads of queries and keys, and a rotary base of its own where layers
    /// have a window, which is in five of six.
    ///
    /// Source: Gemma Team, "Gemma 3" (2025).
    static let gemma3 = DecoderFamily(
        attention: Attention(norms: .both, innerNorm: .heads),
        feedForward: FeedForward(norms: .both, activation: .geluTanh),
        embeddingFactor: { Float($0.width).squareRoot() })
}
