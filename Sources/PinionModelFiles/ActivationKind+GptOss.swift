package import PinionTensor

extension ActivationKind {
    /// Defaults of gpt-oss's folders; a GGUF file has no keys for them.
    static let gptOssSlope: Float = 1.702
    static let gptOssLimit: Float = 7

    /// The clamped gate of all released models of gpt-oss.
    package static let gptOss = clampedSwiGLU(slope: gptOssSlope, limit: gptOssLimit)
}
