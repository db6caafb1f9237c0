import PinionModelFiles
import PinionTensor

/// A matrix product, and what is added to it.
struct Projection {
    let matrix: PackedMatrix
    let bias: FloatVector?

    var readsQuantisedActivations: Bool { matrix.readsQuantisedActivations }
}

/// A norm's weights.
struct Norm {
    let weight: FloatVector
    /// Of layer norms only.
    let bias: FloatVector?
    let epsilon: Float

    /// For loops over tokens; valid while the norm lives.
    var unretained: Unretained {
        Unretained(weight: weight.pointer, bias: bias?.pointer, count: weight.count, epsilon: epsilon)
    }

    /// A norm without a reference to count, which would show in a prompt's rate if it were done for every token.
    struct Unretained {
        let weight: UnsafePointer<Float>
        let bias: UnsafePointer<Float>?
        let count: Int
        let epsilon: Float

        /// `out` may be `x`.
        func apply(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, with kernels: Kernels) {
            if let bias {
                kernels.layerNorm(x, weight: weight, bias: bias, count: count, epsilon: epsilon, out: out)
            } else {
                kernels.rmsNorm(x, weight: weight, count: count, epsilon: epsilon, out: out)
            }
        }
    }
}

/// What is done to a token's queries or keys before they are used; made once for a pass over tokens.
struct HeadFinish {
    let heads: Int
    let headDimension: Int
    let bias: UnsafePointer<Float>?
    let norm: Norm.Unretained?
    let angles: RotaryEmbedding.Angles?

    /// Bias, norm and rotation of one token's `[heads, headDimension]`.
    func apply(_ x: UnsafeMutablePointer<Float>, token: Int, with kernels: Kernels) {
        if let bias { kernels.add(bias, to: x, count: heads * headDimension) }
        if let norm {
            for first in stride(from: 0, to: heads * headDimension, by: norm.count) {
                norm.apply(x + first, into: x + first, with: kernels)
            }
        }
        angles?.apply(token: token, heads: heads, headDimension: headDimension, x, with: kernels)
    }
}

/// The weights of one layer.
struct DecoderLayer {
    let attentionNorm: Norm?
    /// [heads * headDimension, width]
    let query: Projection
    /// [cacheHeads * headDimension, width]
    let key: Projection
    let value: Projection
    /// [heads]: the attention sinks; nil for none.
    let sinks: FloatVector?
    let queryNorm: Norm?
    let keyNorm: Norm?
    /// [width, heads * headDimension]
    let output: Projection
    let attentionPostNorm: Norm?
    let feedForwardNorm: Norm?
    let feedForward: Block
    let feedForwardPostNorm: Norm?
    let limits: AttentionLimits
    /// Index of the model's rotation; nil where queries and keys stay as they are.
    let rotation: Int?

    /// What stands after attention.
    enum Block {
        case dense(FeedForward)
        case experts(ExpertBlock)

        var readsQuantisedInput: Bool {
            switch self {
            case .dense(let block): block.readsQuantisedInput
            case .experts(let block): block.readsQuantisedInput
            }
        }

        /// Added to the block's result.
        var bias: FloatVector? {
            switch self {
            case .dense(let block): block.down.bias
            case .experts: nil
            }
        }
    }

    /// Whether any matrix that reads the attention's input wants it rounded; files may mix formats.
    var readsQuantisedInput: Bool { [query, key, value].contains { $0.readsQuantisedActivations } }
}
