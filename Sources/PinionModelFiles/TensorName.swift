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
        case feedForwardNorm, feedForwardPostNorm
        case gate, up, down
        /// Gate and up in one matrix, the gate first.
        case gateUp

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
    package let isBias: Bool

    package init(_ part: Part, layer: Int? = nil, isBias: Bool = false) {
        self.part = part
        self.layer = layer
        self.isBias = isBias
    }

    package var bias: TensorName { TensorName(part, layer: layer, isBias: true) }
}
