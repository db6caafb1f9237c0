/// The place of a tensor in a decoder, whatever its files call it.
package struct TensorName: Sendable, Hashable {
    package enum Part: Sendable, Hashable, CaseIterable {
        case embedding, positions, finalNorm, head
        /// Divisors of the rotary frequencies, for each pair.
        case rotaryDivisors, longDivisors, shortDivisors
        case attentionNorm, attentionPostNorm, queryNorm, keyNorm
        case query, key, value
        /// The three in one matrix, rows after rows.
        case queryKeyValue
        case attentionOutput
        /// A score of each head that has no key, [heads].
        case sinks
        case feedForwardNorm, feedForwardPostNorm
        case gate, up, down
        /// Gate and up in one matrix, the gate first.
        case gateUp
        /// Scores of the experts, [experts, width].
        case router
        /// What is added to the scores that choose, [experts].
        case choiceBias
        /// Of one expert, or of all in one three-dimensional tensor where the name has no expert.
        case expertGate, expertUp, expertDown, expertGateUp
        case sharedGate, sharedUp, sharedDown, sharedGateUp
        /// What scales the shared expert, [width].
        case sharedScale

        /// The matrices of experts: a file has one tensor of each part for an expert, or one for all experts.
        package static let expertMatrices: [Part] = [.expertGate, .expertUp, .expertDown, .expertGateUp]

        package var isNorm: Bool {
            switch self {
            case .finalNorm, .attentionNorm, .attentionPostNorm, .queryNorm, .keyNorm, .feedForwardNorm,
                .feedForwardPostNorm:
                true
            default: false
            }
        }
    }

    package let part: Part
    /// nil for tensors that the model has once.
    package let layer: Int?
    /// nil for tensors that the layer has once.
    package let expert: Int?
    package let isBias: Bool

    package init(_ part: Part, layer: Int? = nil, expert: Int? = nil, isBias: Bool = false) {
        self.part = part
        self.layer = layer
        self.expert = expert
        self.isBias = isBias
    }

    package var bias: TensorName { TensorName(part, layer: layer, expert: expert, isBias: true) }
    package func of(expert: Int) -> TensorName { TensorName(part, layer: layer, expert: expert, isBias: isBias) }
}
