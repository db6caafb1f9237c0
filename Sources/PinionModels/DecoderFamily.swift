import PinionModelFiles
import PinionTensor

/// Which blocks the layers of a family consist of: attention, then feed-forward, each added to the residual stream.
///
/// A family is one file that makes one of these, and one row in ``ModelFamily/decoder``.
struct DecoderFamily: Sendable {
    /// Where a block's norms stand.
    enum NormPlaces: Sendable {
        /// Before the block.
        case before
        /// After it, before its result is added to the residual stream.
        case after
        case both

        var isBefore: Bool { self != .after }
        var isAfter: Bool { self != .before }
    }

    enum NormKind: Sendable {
        /// By the root mean square.
        case rootMeanSquare
        /// By mean and variance, with a bias.
        case layer
    }

    struct Attention: Sendable {
        /// What queries and keys are normalised over before they are rotated.
        enum InnerNorm: Sendable {
            case none
            /// Each head by itself.
            case heads
            /// All heads of a token together.
            case projection
        }

        var norms = NormPlaces.before
        var innerNorm = InnerNorm.none
        /// Whether queries, keys and values must have biases, whatever the numbers say.
        var needsBiases = false
        /// Whether the output projection has a bias wherever queries have one; otherwise it has one if the files hold it.
        var hasOutputBias = false
        /// Whether each head has an attention sink: a learned score in the softmax that belongs to no key.
        var hasSinks = false
    }

    struct FeedForward: Sendable {
        var norms = NormPlaces.before
        /// Whether a gate, activated, multiplies what goes up; else that is activated itself.
        var isGated = true
        /// Unless the numbers name another.
        var activation = ActivationKind.silu
        /// Whether the router and the experts have biases.
        var hasExpertBiases = false
    }

    var norm = NormKind.rootMeanSquare
    var attention = Attention()
    var feedForward = FeedForward()
    /// Factor of embeddings, unless the numbers name one.
    var embeddingFactor: @Sendable (Hyperparameters) -> Float = { _ in 1 }
}

extension ModelFamily {
    /// The blocks of the family.
    var decoder: DecoderFamily {
        switch self {
        case .llama: .llama
        case .mistral3: .mistral3
        case .qwen2: .qwen2
        case .qwen3: .qwen3
        case .gemma: .gemma
        case .gemma2: .gemma2
        case .gemma3: .gemma3
        case .phi3: .phi3
        case .smollm3: .smollm3
        case .olmo2: .olmo2
        case .granite: .granite
        case .glm4: .glm4
        case .gpt2: .gpt2
        case .qwen2moe: .llama
        case .qwen3moe: .qwen3
        case .granitemoe: .granite
        case .glm4moe: .llama
        case .gptOss: .gptOss
        }
    }
}
