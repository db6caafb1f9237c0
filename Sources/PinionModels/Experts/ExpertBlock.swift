import PinionModelFiles
import PinionTensor

/// A feed-forward block of several networks, the experts, of which each token takes the few that the router names.
///
/// A step's tokens are grouped by expert, so that an expert's weights are read once for all of them, and experts that no
/// token takes are not read. Each token's results are added in the order of its own choice: its bits do not depend on what
/// stands beside it.
struct ExpertBlock {
    /// Tiles of few rows that one worker takes at least: waking another one costs about as much as copying them.
    private static let leastTiles = 4

    /// What is added to the router's scores and to the products of each expert.
    struct Biases {
        /// [experts]
        let router: FloatVector
        /// [experts, inner]
        let gate: FloatVector
        /// [experts, inner]
        let up: FloatVector
        /// [experts, width]
        let down: FloatVector
    }

    /// [experts, width]
    let router: PackedMatrix
    let choice: ExpertChoice
    /// For each expert [inner, width]
    let gate: [PackedMatrix]
    /// For each expert [inner, width]
    let up: [PackedMatrix]
    /// For each expert [width, inner]
    let down: [PackedMatrix]
    let biases: Biases?
    /// The expert that computes every token.
    let shared: FeedForward?
    /// [1, width]: the logit of each token's share of ``shared``; nil for all of it.
    let sharedScale: PackedMatrix?
    private let readsQuantisedRows: Bool
    private let readsQuantisedHidden: Bool

    /// Whether the router or the shared expert reads the block's input rounded; the experts round rows of their own.
    var readsQuantisedInput: Bool {
        router.readsQuantisedActivations || sharedScale?.readsQuantisedActivations ?? false
            || shared?.readsQuantisedInput ?? false
    }

    init(
        router: PackedMatrix, choice: ExpertChoice, gate: [PackedMatrix], up: [PackedMatrix], down: [PackedMatrix],
        biases: Biases?, shared: FeedForward?, sharedScale: PackedMatrix?
    ) {
        self.router = router
        self.choice = choice
        self.gate = gate
        self.up = up
        self.down = down
        self.biases = biases
        self.shared = shared
        self.sharedScale = sharedScale
        readsQuantisedRows = (gate + up).contains { $0.readsQuantisedActivations }
        readsQuantisedHidden = down.contains { $0.readsQuantisedActivations }
    }

    /// Computes the first `tokens` rows of the input.
    ///
    /// - Parameter out: `[tokens, stride]`
    func run(
        _ input: ActivationRows, tokens: Int, _ state: ExpertState, _ means: BlockMeans,
        out: UnsafeMutablePointer<Float>, stride: Int
    ) {
        choose(input, tokens, state, means)
        state.places.group(tokens: tokens)
        gather(input, state, means)
        multiply([(gate, state.inner.gate), (up, state.inner.up)], state.input, state.inner.stride, state, means)
        activate(state, means)
        multiply([(down, state.results)], state.inner.hidden, state.resultStride, state, means)
        if let shared {
            guard let buffers = state.shared else { preconditionFailure("a shared expert has buffers") }
            shared.run(input, tokens: tokens, buffers, means, out: out, stride: stride)
        }
        combine(tokens, state, means, out: out, stride: stride, count: input.columns)
    }

    /// Passes over the tiles of rows that are grouped by expert, and tells the expert.
    private func forEachTile(_ state: ExpertState, _ means: BlockMeans, _ body: (Range<Int>, Int) -> Void) {
        let (size, rowsOfTile, experts) = (
            ActivationRows.tileTokens, state.places.rowsOfTile, state.places.expertOfTile
        )
        means.team.forEach(state.places.tiles, grain: Self.leastTiles) { tiles in
            for tile in tiles { body(tile * size..<tile * size + Int(rowsOfTile[tile]), Int(experts[tile])) }
        }
    }

    private func choose(_ input: ActivationRows, _ tokens: Int, _ state: ExpertState, _ means: BlockMeans) {
        let scores = MatmulOutput(router, out: state.scores, stride: state.scoreStride)
        let scale = sharedScale.map { MatmulOutput($0, out: state.sharedScales, stride: $0.paddedRows) }
        means.kernels.matmul(scale.map { [scores, $0] } ?? [scores], input, tokens: tokens, team: means.team)
        let (logits, stride, chosen) = (state.scores, state.scoreStride, state.chosen)
        let (experts, weights, bias) = (state.places.experts, state.weights, biases?.router)
        means.team.forEachTile(tokens) { tokens in
            for token in tokens {
                if let bias { means.kernels.add(bias.pointer, to: logits + token * stride, count: bias.count) }
                choice.choose(
                    logits + token * stride, experts: experts + token * chosen, weights: weights + token * chosen,
                    with: means.kernels)
            }
        }
    }

    /// Puts each token's input into the rows of its experts.
    private func gather(_ input: ActivationRows, _ state: ExpertState, _ means: BlockMeans) {
        let (rows, tokenOfRow, columns) = (state.input, state.places.tokenOfRow, input.columns)
        let isQuantised = readsQuantisedRows
        forEachTile(state, means) { tile, _ in
            for row in tile { rows.row(row).update(from: input.row(Int(tokenOfRow[row])), count: columns) }
            if isQuantised { rows.quantise(tile, with: means.kernels) }
        }
    }

    /// Multiplies the rows of each expert that was chosen by its matrices.
    private func multiply(
        _ stacks: [(matrices: [PackedMatrix], out: UnsafeMutablePointer<Float>)], _ input: ActivationRows,
        _ stride: Int, _ state: ExpertState, _ means: BlockMeans
    ) {
        var parts: [MatmulPart] = []
        parts.reserveCapacity(stacks.count * state.places.chosenExperts.count)
        for (expert, rows) in state.places.chosenExperts {
            for (matrices, out) in stacks {
                let output = MatmulOutput(matrices[expert], out: out + rows.lowerBound * stride, stride: stride)
                parts.append(MatmulPart(rows: rows, output))
            }
        }
        means.kernels.matmul(parts, input, team: means.team)
    }

    private func activate(_ state: ExpertState, _ means: BlockMeans) {
        let (gate, up, hidden, stride) = (state.inner.gate, state.inner.up, state.inner.hidden, state.inner.stride)
        let (count, isQuantised) = (hidden.columns, readsQuantisedHidden)
        let (gateBias, upBias) = (biases?.gate.pointer, biases?.up.pointer)
        forEachTile(state, means) { tile, expert in
            for row in tile {
                if let gateBias { means.kernels.add(gateBias + expert * count, to: gate + row * stride, count: count) }
                if let upBias { means.kernels.add(upBias + expert * count, to: up + row * stride, count: count) }
                means.activate(gate: gate + row * stride, up: up + row * stride, count: count, out: hidden.row(row))
            }
            if isQuantised { hidden.quantise(tile, with: means.kernels) }
        }
    }

    /// Adds up what each token's experts computed, the likeliest first, and then the shared one, which stands in `out`.
    private func combine(
        _ tokens: Int, _ state: ExpertState, _ means: BlockMeans, out: UnsafeMutablePointer<Float>, stride: Int,
        count: Int
    ) {
        let (kernels, chosen, weights) = (means.kernels, state.chosen, state.weights)
        let (results, resultStride, rowOfChoice) = (state.results, state.resultStride, state.places.rowOfChoice)
        let (bias, experts) = (biases?.down.pointer, state.places.experts)
        let (hasShared, logits, logitStride) = (shared != nil, state.sharedScales, sharedScale?.paddedRows)
        /// Each row is one token's alone, so that it can be scaled where it stands.
        func result(_ choice: Int) -> UnsafeMutablePointer<Float> {
            let row = results + Int(rowOfChoice[choice]) * resultStride
            if let bias { kernels.add(bias + Int(experts[choice]) * count, to: row, count: count) }
            kernels.scale(row, count: count, by: weights[choice])
            return row
        }
        means.team.forEachTile(tokens) { tokens in
            for token in tokens {
                let (first, row) = (token * chosen, out + token * stride)
                let sum = result(first)
                for choice in first + 1..<first + chosen { kernels.add(result(choice), to: sum, count: count) }
                if !hasShared {
                    row.update(from: sum, count: count)
                    continue
                }
                if let logitStride {
                    kernels.scale(row, count: count, by: kernels.logistic(logits + token * logitStride))
                }
                kernels.add(sum, to: row, count: count)
            }
        }
    }
}
