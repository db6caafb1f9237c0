/// The families of decoders that this build runs, by the names that GGML gives to architectures.
package enum ModelFamily: String, Sendable, CaseIterable {
    case llama, mistral3, qwen2, qwen3, gemma, gemma2, gemma3, phi3, smollm3, olmo2, granite, glm4, gpt2
    case qwen2moe, qwen3moe, granitemoe, glm4moe
    case gptOss = "gpt-oss"

    /// Names for messages, in the order of the table.
    package static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Whether norms subtract the mean and add a bias, with an epsilon of their own key.
    var hasLayerNorm: Bool { self == .gpt2 }

    /// Whether positions are learned rather than rotated.
    var learnsPositions: Bool { self == .gpt2 }

    /// Whether blocks may consist of experts.
    var mayHaveExperts: Bool {
        switch self {
        case .llama, .qwen2moe, .qwen3moe, .granitemoe, .glm4moe, .gptOss: true
        default: false
        }
    }

    /// Whether embeddings, scores, what blocks add, and logits have factors.
    var hasFactors: Bool { self == .granite || self == .granitemoe }
}
