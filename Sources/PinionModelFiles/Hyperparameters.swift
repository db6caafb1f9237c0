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

    /// Feed-forward blocks of several networks, of which each token takes a few.
    package struct Experts: Sendable, Equatable {
        package static let maximumCount = 1024

        package enum Scoring: Sendable {
            case softmax
            /// The raw scores choose; the softmax over the chosen ones gives the weights.
            case softmaxOfChosen
            /// Each expert's logistic function by itself.
            case sigmoid
        }

        /// Experts of a layer.
        package var count: Int
        /// Experts that compute a token.
        package var chosen: Int
        /// Rows of an expert's gate.
        package var feedForward: Int
        /// Rows of the gate of the expert that computes every token; 0 where there is none.
        package var sharedFeedForward = 0
        /// For each layer, whether it has experts.
        package var layers: [Bool]
        package var scoring = Scoring.softmax
        /// Whether the weights of a token's experts are divided by their sum.
        package var isNormalised = true
        /// Factor of the weights.
        package var factor: Float = 1
        /// Groups of equally many experts, of which a token takes ``chosenGroups``.
        package var groups = 1
        package var chosenGroups = 1
        /// Whether a bias is added to the scores that choose, though not to the weights.
        package var hasChoiceBias = false
        /// Whether each token scales what the shared expert computes.
        package var hasSharedGate = false

        package init(count: Int, chosen: Int, feedForward: Int, layers: [Bool]) {
            self.count = count
            self.chosen = chosen
            self.feedForward = feedForward
            self.layers = layers
        }
    }

    /// Queries grow by `1 + factor * ln(1 + floor(position / length))`.
    package struct Temperature: Sendable, Equatable {
        package var factor: Double
        package var length: Int
    }

    package var layers = 0
    package var width = 0
    package var feedForward = 0
    /// nil where no layer has any.
    package var experts: Experts?
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
    /// Whether each head of queries and keys is normalised; nil leaves it to the family.
    package var hasHeadNorms: Bool?
    /// Whether projections of attention have biases; nil when only the tensors tell.
    package var attentionBias: Bool?
    /// Whether projections of the feed-forward block have biases; nil when only the tensors tell.
    package var feedForwardBias: Bool?

    package init() {}

    package func isWindowed(_ layer: Int) -> Bool { window?.layers[layer] ?? false }
    package func hasExperts(_ layer: Int) -> Bool { experts?.layers[layer] ?? false }
    package func isRotated(_ layer: Int) -> Bool { rotatedLayers.isEmpty || rotatedLayers[layer] }

    /// Every `period`th layer sees all tokens and the others a window; all have one where the period is 0.
    static func windowed(_ layers: Int, period: Int) -> [Bool] {
        (0..<layers).map { period == 0 || ($0 + 1) % period != 0 }
    }

    /// - Throws: ``ModelError`` for numbers that contradict each other, or of which the kernels cannot make use.
    mutating func check(_ path: String) throws(ModelError) {
        if let experts, !experts.layers.contains(true) { self.experts = nil }
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
        if let experts { try experts.check(path) }
    }
}

extension Hyperparameters.Experts {
    /// The groups' scores are sums of this many.
    package static let groupScores = 2

    /// Whether a group has enough experts for its score, and the chosen groups enough for the choice.
    fileprivate func check(_ path: String) throws(ModelError) {
        guard groups > 1 else { return }
        guard count % groups == 0, count / groups >= Self.groupScores, chosenGroups <= groups,
            chosen <= count / groups * chosenGroups
        else {
            throw ModelError(
                .invalidConfiguration,
                "\(path): \(chosen) of \(count) experts cannot be chosen from \(chosenGroups) of \(groups) groups")
        }
    }
}
