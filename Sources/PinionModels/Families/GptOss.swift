import PinionModelFiles
import PinionTensor

extension DecoderFamily {
    /// Llama's blocks with sinks, biases everywhere, and experts with a clamped gate.
    ///
    /// Source: OpenAI, "gpt-oss-120b & gpt-oss-20b Model Card" (2025), and the model of gpt-oss in transformers.
    static let gptOss = DecoderFamily(
        attention: Attention(hasOutputBias: true, hasSinks: true),
        feedForward: FeedForward(activation: .gptOss, hasExpertBiases: true))
}
