import PinionModelFiles
import PinionTensor

/// A feed-forward block of several networks, the experts, of which each token takes the few that the router names.
///
/// A step's tokens are grouped by expert, so that an expert's weights are read once for all of them, and experts that no
/// token takes are not read. Each token's results are added in the order of its own choice: its bits do not depend on what
/// stands beside it.
struct ExpertBlock {
    /// [experts, width], floats
    let router: PackedMatrix
    let choice: ExpertChoice
    /// For each expert [inner, width]
    let gate: [PackedMatrix]
    /// For each expert [inner, width]
    let up: [PackedMatrix]
    /// For each expert [width, inner]
    let down: [PackedMatrix]
    /// Computes every token.
    let shared: FeedForward?
    /// [1, width]: the logit of each token's share of ``shared``; nil for all of it.
    let sharedScale: PackedMatrix?

    /// Computes the first `tokens` rows of the input.
    ///
    /// - Parameter out: `[tokens, stride]`
    func run(
        _ input: ActivationRows, tokens: Int, _ state: ExpertState, _ means: BlockMeans,
        out: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let kernels = means.kernels
        choose(input, tokens, state, means)
        state.places.group(tokens: tokens)
        gather(input, state, means)
        multiply([(gate, state.inner.gate), (up, state.inner.up)], state.input, state.inner.stride, state, means)
        forEachTile(state, means) { rows in
            for row in rows {
                let offset = row * state.inner.stride
                means.activate(
                    gate: state.inner.gate + offset, up: state.inner.up + offset, count: state.inner.hidden.columns,
                    out: state.inner.hidden.row(row))
            }
            if readsQuantised(down) { state.inner.hidden.quantise(rows, with: kernels) }
        }
        multiply([(down, state.results)], state.inner.hidden, state.resultStride, state, means)
        if let shared, let buffers = state.shared {
            shared.run(input, tokens: tokens, buffers, means, out: out, stride: stride)
        }
        means.team.forEachTile(tokens) { tokens in
            for token in tokens { combine(token, state, kernels, out: out + token * stride, count: input.columns) }
        }
    }

    private func readsQuantised(_ matrices: [PackedMatrix]) -> Bool {
        matrices.contains { $0.readsQuantisedActivations }
    }

    /// Passes over the tiles of rows that are grouped by expert.
    private func forEachTile(_ state: ExpertState, _ means: BlockMeans, _ body: (Range<Int>) -> Void) {
        let size = ActivationRows.tileTokens
        means.team.forEach(state.places.tiles, grain: 1) { tiles in
            for tile in tiles { body(tile * size..<tile * size + state.places.rows(ofTile: tile)) }
        }
    }

    private func choose(_ input: ActivationRows, _ tokens: Int, _ state: ExpertState, _ means: BlockMeans) {
        var outputs = [MatmulOutput(router, out: state.scores, stride: state.scoreStride)]
        if let sharedScale {
            outputs.append(MatmulOutput(sharedScale, out: state.sharedScales, stride: sharedScale.paddedRows))
        }
        means.kernels.matmul(outputs, input, tokens: tokens, team: means.team)
        means.team.forEachTile(tokens) { tokens in
            for token in tokens {
                let first = token * state.chosen
                choice.choose(
                    state.scores + token * state.scoreStride, experts: state.places.experts + first,
                    weights: state.weights + first, with: means.kernels)
            }
        }
    }

    /// Puts each token's input into the rows of its experts.
    private func gather(_ input: ActivationRows, _ state: ExpertState, _ means: BlockMeans) {
        let isQuantised = readsQuantised(gate) || readsQuantised(up)
        forEachTile(state, means) { rows in
            for row in rows {
                state.input.row(row).update(from: input.row(state.places.token(ofRow: row)), count: input.columns)
            }
            if isQuantised { state.input.quantise(rows, with: means.kernels) }
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

    /// Adds up what a token's experts computed, the likeliest first, and then the shared one, which stands in `out`.
    private func combine(
        _ token: Int, _ state: ExpertState, _ kernels: Kernels, out: UnsafeMutablePointer<Float>, count: Int
    ) {
        let first = token * state.chosen
        // Each row is one token's alone, so that it can be scaled where it stands.
        func result(_ rank: Int) -> UnsafeMutablePointer<Float> {
            let row = state.results + state.places.row(token: token, rank: rank) * state.resultStride
            kernels.scale(row, count: count, by: state.weights[first + rank])
            return row
        }
        let sum = result(0)
        for rank in 1..<max(state.chosen, 1) { kernels.add(result(rank), to: sum, count: count) }
        guard shared != nil else { return out.update(from: sum, count: count) }
        if let sharedScale {
            let logit = state.sharedScales + token * sharedScale.paddedRows
            kernels.scale(out, count: count, by: kernels.logistic(logit))
        }
        kernels.add(sum, to: out, count: count)
    }
}
