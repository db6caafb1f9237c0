package import PinionTensor

/// The numbers that a decoder's arithmetic depends on, whichever files they were read from.
package struct Hyperparameters: Sendable, Equatable {
    package static let maximumLayers = 1024
    package static let maximumWidth = 1 << 20
    package static let maximumHeads = 4096
    package static let maximumContext = 1 << 26
    package static let maximumVocabulary = 1 << 24
    package static let maximumHeadDimension = KVCache.maximumHeadDimension

    /// Layers whose queries see only the last tokens.
    package struct Window: Sendable, Equatable {
        /// Tokens that a query sees, its own included.
        package var length: Int
        /// For each layer, whether it has the window.
        package var layers: [Bool]
    }

    /// Queries grow by `1 + factor * ln(1 + floor(position / length))`.
    package struct Temperature: Sendable, Equatable {
        package var factor: Double
        package var length: Int
    }

    package var layers = 0
    package var width = 0
    package var feedForward = 0
    package var heads = 0
    /// Each serves `heads / cacheHeads` query heads.
    package var cacheHeads = 0
    package var headDimension = 0
    /// Rows of the embedding.
    package var vocabulary = 0
    /// Positions that the model was made for.
    package var contextLength = 0
    package var normEpsilon: Float = 0
    /// nil leaves it to the family.
    package var activation: ActivationKind?
    /// nil where positions are learned.
    package var rotary: Rotary?
    /// For each layer, whether its queries and keys are rotated; empty for all.
    package var rotatedLayers: [Bool] = []
    package var window: Window?
    /// Factor of the scores; nil for `1 / sqrt(headDimension)`.
    package var attentionScale: Float?
    /// Scores are bent to stay below it; nil leaves them.
    package var attentionSoftCap: Float?
    package var logitSoftCap: Float?
    /// nil leaves it to the family.
    package var embeddingFactor: Float?
    package var residualFactor: Float = 1
    package var logitDivisor: Float = 1
    package var temperature: Temperature?
    /// Whether the embedding is the output head too; nil when only the tensors tell.
    package var isHeadTied: Bool?
    /// Whether projections of attention have biases; nil when only the tensors tell.
    package var attentionBias: Bool?
    /// Whether projections of the feed-forward block have biases; nil when only the tensors tell.
    package var feedForwardBias: Bool?

    package init() {}

    package func isWindowed(_ layer: Int) -> Bool { window?.layers[layer] ?? false }
    package func isRotated(_ layer: Int) -> Bool { rotatedLayers.isEmpty || rotatedLayers[layer] }

    /// Every `period`th layer sees all tokens and the others a window; all have one where the period is 0.
    static func windowed(_ layers: Int, period: Int) -> [Bool] {
        (0..<layers).map { period == 0 || ($0 + 1) % period != 0 }
    }

    /// - Throws: ``ModelError`` for numbers that contradict each other, or of which the kernels cannot make use.
    func check(_ path: String) throws(ModelError) {
        guard heads % cacheHeads == 0 else {
            throw ModelError(
                .invalidConfiguration,
                "\(path): \(heads) attention heads cannot share \(cacheHeads) key/value heads evenly")
        }
        let turned = rotary?.dimensions ?? 2
        guard headDimension % 2 == 0, turned % 2 == 0, (1...Self.maximumHeadDimension).contains(headDimension),
            turned <= headDimension
        else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): heads of \(headDimension) keys, \(headDimension) values and \(turned) rotary elements are "
                    + "not supported, expected equal even sizes up to \(Self.maximumHeadDimension)")
        }
    }
}
