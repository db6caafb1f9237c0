import PinionTensor

/// A feed-forward block: up, activated or multiplied by an activated gate, and down again.
struct FeedForward {
    /// [inner, width]; nil in plain blocks.
    let gate: Projection?
    /// [inner, width]
    let up: Projection
    /// [width, inner]
    let down: Projection

    var readsQuantisedInput: Bool { up.readsQuantisedActivations || gate?.readsQuantisedActivations ?? false }

    /// Computes the first `tokens` rows of the input. The bias of ``down`` is left to whoever adds the result.
    ///
    /// - Parameter out: `[tokens, stride]`
    func run(
        _ input: ActivationRows, tokens: Int, _ state: FeedForwardState, _ means: BlockMeans,
        out: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let (kernels, team) = (means.kernels, means.team)
        let rising = MatmulOutput(up.matrix, out: state.up, stride: state.stride)
        let gating = gate.map { MatmulOutput($0.matrix, out: state.gate, stride: state.stride) }
        kernels.matmul(gating.map { [$0, rising] } ?? [rising], input, tokens: tokens, team: team)
        let (gateBias, upBias) = (gate?.bias?.pointer, up.bias?.pointer)
        let (isGated, isQuantised, count) = (gate != nil, down.readsQuantisedActivations, state.hidden.columns)
        team.forEachTile(tokens) { tokens in
            for token in tokens {
                let (gating, rising) = (state.gate + token * state.stride, state.up + token * state.stride)
                if let upBias { kernels.add(upBias, to: rising, count: count) }
                if let gateBias { kernels.add(gateBias, to: gating, count: count) }
                means.activate(gate: isGated ? gating : nil, up: rising, count: count, out: state.hidden.row(token))
            }
            if isQuantised { state.hidden.quantise(tokens, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(down.matrix, out: out, stride: stride)], state.hidden, tokens: tokens, team: team)
    }
}

/// What blocks compute with.
struct BlockMeans {
    let kernels: Kernels
    let team: WorkerTeam
    let activation: ActivationKind

    /// `activation(gate) * up`, or `activation(up)` without a gate.
    func activate(
        gate: UnsafeMutablePointer<Float>?, up: UnsafeMutablePointer<Float>, count: Int,
        out: UnsafeMutablePointer<Float>
    ) {
        guard let gate else { return kernels.activate(activation, gate: up, up: nil, count: count, out: out) }
        if activation == .silu {
            kernels.siluMultiply(gate: gate, up: up, count: count, out: out)
        } else {
            kernels.activate(activation, gate: gate, up: up, count: count, out: out)
        }
    }
}

/// The buffers between the products of feed-forward blocks of one size.
final class FeedForwardState {
    /// Floats from one row of ``gate`` and ``up`` to the next.
    let stride: Int
    /// [rows, inner]
    let hidden: ActivationRows
    /// [rows, stride]
    var gate: UnsafeMutablePointer<Float> { gateBuffer.pointer }
    /// [rows, stride]
    var up: UnsafeMutablePointer<Float> { upBuffer.pointer }
    private let gateBuffer: AlignedBuffer<Float>
    private let upBuffer: AlignedBuffer<Float>

    /// - Parameter inner: Rows of the gate.
    init(rows: Int, inner: Int) throws(TensorError) {
        stride = DecoderState.padded(inner)
        hidden = try ActivationRows(capacity: rows, columns: inner)
        gateBuffer = try AlignedBuffer(count: rows * stride)
        upBuffer = try AlignedBuffer(count: rows * stride)
    }

    /// Bytes of a row, within a percent.
    static func bytesPerRow(inner: Int) -> Int {
        2 * DecoderState.padded(inner) * MemoryLayout<Float>.size + ActivationRows.bytesPerToken(columns: inner)
    }
}

extension WorkerTeam {
    /// Pieces that an operation which touches each token once is cut into, for each worker.
    private static let piecesPerWorker = 4

    /// Passes over tokens in whole tiles, which are rounded together.
    func forEachTile(_ tokens: Int, _ body: (Range<Int>) -> Void) {
        let size = ActivationRows.tileTokens
        let tiles = (tokens + size - 1) / size
        forEach(tiles, grain: max(1, tiles / (workers * Self.piecesPerWorker))) {
            body($0.lowerBound * size..<min($0.upperBound * size, tokens))
        }
    }
}
