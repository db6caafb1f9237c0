import PinionTensor

/// What GGUF files of a family leave unsaid.
extension ModelFamily {
    /// Every n-th layer sees all tokens, when the file tells only the window; 0: none does.
    var windowPeriod: Int {
        switch self {
        case .gemma2, .gptOss: 2
        case .gemma3: 6
        case .olmo2: 4
        default: 0
        }
    }

    /// The window of a file that does not tell it.
    var defaultWindow: Int { self == .gemma2 ? 4096 : 0 }

    /// Soft caps of scores and of logits, where a file does not tell them.
    var defaultSoftCaps: (attention: Double, logits: Double)? { self == .gemma2 ? (50, 30) : nil }

    /// How the rows of queries and keys are ordered: the converter interleaves those of the Llama line.
    var pairing: RotaryEmbedding.Pairing {
        switch self {
        case .llama, .mistral3, .smollm3, .granite, .granitemoe, .glm4: .adjacent
        default: .halves
        }
    }

    /// What stands where another family's part does: GLM-4's mixtures and gpt-oss normalise before the feed-forward block,
    /// under the name of a norm after attention.
    func part(_ part: TensorName.Part) -> TensorName.Part {
        (self == .glm4moe || self == .gptOss) && part == .feedForwardNorm ? .attentionPostNorm : part
    }

    /// Whether an expert is as wide as the file's feed-forward length says; otherwise that is the width of all that a token
    /// takes together, where the file does not tell an expert's.
    var feedForwardIsExperts: Bool { self == .llama || self == .granitemoe || self == .gptOss }

    /// Whether the bounds of YaRN's slope are rounded to whole pairs. llama.cpp rounds them in every family; the reference
    /// does not in gpt-oss.
    var truncatesYarn: Bool { self != .gptOss }

    /// Every n-th layer does not rotate; 0: all do.
    var unrotatedPeriod: Int { self == .smollm3 ? 4 : 0 }

    /// Layers of the size whose scores are scaled by `1 / sqrt(width / heads)`, which only the count of layers tells.
    var layersOfWideScale: Int? {
        switch self {
        case .gemma2: 46
        case .gemma3: 62
        default: nil
        }
    }

    /// The base of layers with a window, where a file does not tell it.
    var windowedBase: Double? { self == .gemma3 ? 10_000 : nil }

    /// Whether frequencies are scaled only in layers without a window.
    var scalesFullLayersOnly: Bool { self == .gemma3 || self == .olmo2 }
}
