import PinionModelFiles
import PinionTensor

/// A decoder of equal layers: attention and feed-forward blocks on a residual stream, as its family arranges them.
final class DecoderStack: LanguageModel {
    let shape: ModelShape
    private let numbers: Hyperparameters
    private let family: DecoderFamily
    private let means: BlockMeans
    private let embeddingFactor: Float
    private let attention: DecoderAttention
    private let kernels: Kernels
    private let team: WorkerTeam
    /// [vocabulary, width]; the output head too, in models that tie the two.
    private let embedding: PackedMatrix
    /// [contextLength, width], where positions are learned.
    private let positions: PackedMatrix?
    private let layers: [DecoderLayer]
    private let finalNorm: Norm
    private let head: PackedMatrix
    private let state: DecoderState

    init(_ package: ModelPackage, _ family: ModelFamily, _ context: LoadContext) throws(ModelError) {
        let numbers = try package.hyperparameters()
        let decoder = family.decoder
        var loader = WeightLoader(package, family, context)
        let layerLoader = DecoderLayerLoader(family: decoder, numbers: numbers)
        embedding = try loader.matrix(
            TensorName(.embedding), rows: numbers.vocabulary, columns: numbers.width, isTable: true)
        var layers: [DecoderLayer] = []
        for index in 0..<numbers.layers { layers.append(try layerLoader.layer(index, &loader)) }
        self.layers = layers
        finalNorm = try layerLoader.finalNorm(&loader)
        let hasHead = try loader.has(TensorName(.head))
        head =
            numbers.isHeadTied ?? !hasHead
            ? embedding
            : try loader.matrix(TensorName(.head), rows: numbers.vocabulary, columns: numbers.width, isTable: true)
        positions =
            numbers.rotary == nil
            ? try loader.matrix(TensorName(.positions), rows: numbers.contextLength, columns: numbers.width) : nil
        let rotations = try RotationLoader(numbers: numbers, context: context).rotations(&loader)
        try loader.finish()

        self.numbers = numbers
        self.family = decoder
        kernels = context.kernels
        team = context.team
        means = BlockMeans(
            kernels: context.kernels, team: context.team,
            activation: numbers.activation ?? decoder.feedForward.activation)
        embeddingFactor = numbers.embeddingFactor ?? decoder.embeddingFactor(numbers)
        do {
            state = try DecoderState(numbers, limits: context.limits)
            attention = try DecoderAttention(numbers, rotations, context)
        } catch { throw ModelError(error) }
        shape = numbers.shape
    }

    func forward(_ batch: StepBatch, cache: KVCache) -> UnsafeMutablePointer<Float> {
        let tokens = batch.tokens.count
        precondition(tokens <= state.limits.tokens, "\(tokens) tokens in a step of at most \(state.limits.tokens)")
        precondition(batch.outputs.count <= state.limits.outputs, "too many rows of logits in a step")
        embed(batch)
        var rows = tokens
        var pending: BlockResult?
        for (index, layer) in layers.enumerated() {
            normalise(tokens, adding: pending, layer.attentionNorm, quantised: layer.readsQuantisedInput)
            if index == layers.count - 1, batch.outputs.count < tokens {
                // Nothing comes after that would read the other tokens' results; their keys and values are all that is left.
                attention.storeKeys(layer, at: index, state.input, batch, cache)
                rows = keepOutputs(batch, quantised: layer.readsQuantisedInput)
                guard rows > 0 else { break }
                attention.computeQueries(layer, state.input, batch)
                attention.attend(layer, at: index, batch, batch.outputSpans, cache)
            } else {
                attention.storeKeysAndComputeQueries(layer, at: index, state.input, batch, cache)
                attention.attend(layer, at: index, batch, batch.spans, cache)
            }
            attention.project(layer, rows, out: state.projected, stride: state.projectedStride)
            normalise(
                rows, adding: BlockResult(bias: layer.output.bias, norm: layer.attentionPostNorm),
                layer.feedForwardNorm, quantised: layer.feedForward.readsQuantisedInput)
            feedForward(layer, rows)
            pending = BlockResult(bias: layer.feedForward.bias, norm: layer.feedForwardPostNorm)
        }
        return logits(rows, adding: pending)
    }

    /// What is done to a block's result, which stands in the state's `projected`, as it joins the residual stream.
    ///
    /// Holds no reference, so that none is counted for each token.
    private struct BlockResult {
        let bias: UnsafePointer<Float>?
        let norm: Norm.Unretained?

        init(bias: FloatVector?, norm: Norm?) {
            self.bias = bias?.pointer
            self.norm = norm?.unretained
        }
    }
}

// MARK: - Between the blocks

extension DecoderStack {
    private func embed(_ batch: StepBatch) {
        team.forEachTile(batch.tokens.count) { tokens in
            for token in tokens {
                let x = state.residualRow(token)
                let position = Int(batch.positions[token])
                embedding.copyRow(Int(batch.tokens[token]), into: x)
                if embeddingFactor != 1 { kernels.scale(x, count: numbers.width, by: embeddingFactor) }
                if let positions {
                    // The row of the block's input is not in use yet.
                    positions.copyRow(position, into: state.input.row(token))
                    kernels.add(state.input.row(token), to: x, count: numbers.width)
                }
                attention.prepare(token: token, position: position)
            }
        }
    }

    /// Adds the last block's result to the residual stream.
    private func add(_ result: BlockResult, row: Int) {
        let (x, y) = (state.residualRow(row), state.projected + row * state.projectedStride)
        let count = numbers.width
        if let bias = result.bias { kernels.add(bias, to: y, count: count) }
        result.norm?.apply(y, into: y, with: kernels)
        if numbers.residualFactor != 1 { kernels.scale(y, count: count, by: numbers.residualFactor) }
        kernels.add(y, to: x, count: count)
    }

    /// Adds the last block's result to the residual stream, and prepares the next block's input from it.
    private func normalise(_ tokens: Int, adding result: BlockResult?, _ norm: Norm?, quantised: Bool) {
        let norm = norm?.unretained
        team.forEachTile(tokens) { tokens in
            if let result {
                for token in tokens { add(result, row: token) }
            }
            if let norm {
                for token in tokens {
                    norm.apply(state.residualRow(token), into: state.input.row(token), with: kernels)
                }
            } else {
                for token in tokens {
                    state.input.row(token).update(from: state.residualRow(token), count: numbers.width)
                }
            }
            if quantised { state.input.quantise(tokens, with: kernels) }
        }
    }

    /// Moves the tokens whose logits are wanted to the first rows of the residual stream and of the block's input.
    private func keepOutputs(_ batch: StepBatch, quantised: Bool) -> Int {
        let width = numbers.width
        for (row, token) in batch.outputs.enumerated() where row != Int(token) {
            // Outputs ascend, so no row is overwritten before it is moved.
            state.residualRow(row).update(from: state.residualRow(Int(token)), count: width)
            state.input.row(row).update(from: state.input.row(Int(token)), count: width)
        }
        if quantised { team.forEachTile(batch.outputs.count) { state.input.quantise($0, with: kernels) } }
        return batch.outputs.count
    }

    /// The output head.
    ///
    /// - Parameter rows: Those whose logits are wanted, the first of the residual stream.
    private func logits(_ rows: Int, adding result: BlockResult?) -> UnsafeMutablePointer<Float> {
        let norm = finalNorm.unretained
        team.forEachTile(rows) { rows in
            for row in rows {
                if let result { add(result, row: row) }
                norm.apply(state.residualRow(row), into: state.outputs.row(row), with: kernels)
            }
            if head.readsQuantisedActivations { state.outputs.quantise(rows, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(head, out: state.paddedLogits, stride: head.paddedRows)], state.outputs, tokens: rows,
            team: team)
        if numbers.logitDivisor != 1 || numbers.logitSoftCap != nil {
            team.forEach(rows, grain: 1) { rows in
                for row in rows { bend(state.paddedLogits + row * head.paddedRows) }
            }
        }
        return state.compactLogits(rows, vocabulary: shape.vocabulary, stride: head.paddedRows)
    }

    private func bend(_ logits: UnsafeMutablePointer<Float>) {
        if numbers.logitDivisor != 1 {
            for index in 0..<shape.vocabulary { logits[index] /= numbers.logitDivisor }
        }
        if let cap = numbers.logitSoftCap { kernels.softCap(logits, count: shape.vocabulary, cap: cap) }
    }
}

// MARK: - Feed-forward

extension DecoderStack {
    private func feedForward(_ layer: DecoderLayer, _ tokens: Int) {
        let (out, stride) = (state.projected, state.projectedStride)
        switch layer.feedForward {
        case .dense(let block):
            guard let buffers = state.feedForward else { preconditionFailure("a dense block has buffers") }
            block.run(state.input, tokens: tokens, buffers, means, out: out, stride: stride)
        case .experts(let block):
            guard let buffers = state.experts else { preconditionFailure("experts have buffers") }
            block.run(state.input, tokens: tokens, buffers, means, out: out, stride: stride)
        }
    }
}
