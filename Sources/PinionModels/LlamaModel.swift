import PinionTensor

/// The Llama architecture: RMS norm, grouped-query attention with rotary positions, gated SiLU feed-forward.
///
/// Source: Touvron et al., "LLaMA" (2023) and "Llama 2" (2023). Runs every dense model whose file names the architecture
/// `llama`: Llama 1 to 3 themselves, SmolLM2 and others.
final class LlamaModel: LanguageModel {
    /// Pieces that an operation which touches each token once is cut into, for each worker.
    private static let piecesPerWorker = 4
    private static let architecture = "llama"

    private struct Layer {
        let attentionNorm: FloatVector
        /// [heads * headDimension, width]
        let query: PackedMatrix
        /// [cacheHeads * headDimension, width]
        let key: PackedMatrix
        let value: PackedMatrix
        /// [width, heads * headDimension]
        let output: PackedMatrix
        let feedForwardNorm: FloatVector
        /// [feedForward, width]
        let gate: PackedMatrix
        let up: PackedMatrix
        /// [width, feedForward]
        let down: PackedMatrix

        /// Whether any matrix that reads the attention's input wants it rounded; files may mix formats.
        var readsQuantisedInput: Bool { [query, key, value].contains { $0.readsQuantisedActivations } }
        var readsQuantisedHidden: Bool { [gate, up].contains { $0.readsQuantisedActivations } }
    }

    let shape: ModelShape
    private let configuration: LlamaConfiguration
    private let kernels: Kernels
    private let team: WorkerTeam
    /// [vocabulary, width]; the output head too, in models that tie the two.
    private let embedding: PackedMatrix
    private let layers: [Layer]
    private let finalNorm: FloatVector
    private let head: PackedMatrix
    private let rotary: RotaryEmbedding
    private let state: LlamaState

    init(file: GGUFFile, context: LoadContext) throws(ModelError) {
        var source = ModelSource(file: file, architecture: Self.architecture)
        let configuration = try LlamaConfiguration(source)
        let (width, vocabulary) = (configuration.width, configuration.vocabulary)
        embedding = try source.matrix("token_embd.weight", rows: vocabulary, columns: width, team: context.team)
        var layers: [Layer] = []
        for index in 0..<configuration.layers {
            layers.append(try Self.layer(index, configuration, &source, context.team))
        }
        self.layers = layers
        finalNorm = try source.vector("output_norm.weight", count: width)
        head =
            source.has("output.weight")
            ? try source.matrix("output.weight", rows: vocabulary, columns: width, team: context.team) : embedding
        let divisors =
            source.has("rope_freqs.weight")
            ? try source.vector("rope_freqs.weight", count: configuration.rotaryDimensions / 2).values : []
        try source.finish()

        kernels = context.kernels
        team = context.team
        self.configuration = configuration
        do {
            rotary = try RotaryEmbedding(
                pairing: .adjacent, dimensions: configuration.rotaryDimensions, base: configuration.rotaryBase,
                scale: configuration.rotaryScale, divisors: divisors, capacity: context.limits.tokens)
            state = try LlamaState(configuration, limits: context.limits)
        } catch { throw ModelError(error) }
        shape = configuration.shape
    }

    /// What a file's metadata say of the model, without loading it.
    static func plan(_ file: GGUFFile, limits: StepLimits) throws(ModelError) -> ModelPlan {
        let configuration = try LlamaConfiguration(ModelSource(file: file, architecture: Self.architecture))
        return ModelPlan(
            shape: configuration.shape,
            weightBytes: file.tensors.reduce(0) {
                $0 + ($1.shape.count == 2 ? PackedMatrix.byteCount(packing: $1) : 0)
            },
            bufferBytes: LlamaState.byteCount(configuration, limits: limits))
    }

    private static func layer(
        _ index: Int, _ c: LlamaConfiguration, _ source: inout ModelSource, _ team: WorkerTeam
    ) throws(ModelError) -> Layer {
        func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> PackedMatrix {
            try source.matrix("blk.\(index).\(name).weight", rows: rows, columns: columns, team: team)
        }
        func vector(_ name: String) throws(ModelError) -> FloatVector {
            try source.vector("blk.\(index).\(name).weight", count: c.width)
        }
        let queryWidth = c.heads * c.headDimension
        let cacheWidth = c.cacheHeads * c.headDimension
        return Layer(
            attentionNorm: try vector("attn_norm"),
            query: try matrix("attn_q", rows: queryWidth, columns: c.width),
            key: try matrix("attn_k", rows: cacheWidth, columns: c.width),
            value: try matrix("attn_v", rows: cacheWidth, columns: c.width),
            output: try matrix("attn_output", rows: c.width, columns: queryWidth),
            feedForwardNorm: try vector("ffn_norm"),
            gate: try matrix("ffn_gate", rows: c.feedForward, columns: c.width),
            up: try matrix("ffn_up", rows: c.feedForward, columns: c.width),
            down: try matrix("ffn_down", rows: c.width, columns: c.feedForward))
    }

    func forward(_ batch: StepBatch, cache: KVCache) -> UnsafeMutablePointer<Float> {
        let tokens = batch.tokens.count
        precondition(tokens <= state.limits.tokens, "\(tokens) tokens in a step of at most \(state.limits.tokens)")
        precondition(batch.outputs.count <= state.limits.outputs, "too many rows of logits in a step")
        embed(batch)
        var rows = tokens
        for (index, layer) in layers.enumerated() {
            normalise(
                tokens, adding: index > 0 ? state.projected : nil, layer.attentionNorm,
                quantised: layer.readsQuantisedInput)
            if index == layers.count - 1, batch.outputs.count < tokens {
                // Nothing comes after that would read the other tokens' results; their keys and values are all that is left.
                storeKeys(layer, index, batch, cache)
                rows = keepOutputs(batch, quantised: layer.readsQuantisedInput)
                guard rows > 0 else { break }
                queries(layer, batch)
                attend(index, batch, batch.outputSpans, cache)
            } else {
                queriesAndKeys(layer, index, batch, cache)
                attend(index, batch, batch.spans, cache)
            }
            project(layer, rows)
            normalise(rows, adding: state.projected, layer.feedForwardNorm, quantised: layer.readsQuantisedHidden)
            feedForward(layer, rows)
        }
        return logits(rows)
    }

    /// Passes over the tokens in whole tiles, which are rounded together.
    private func forEachTile(_ tokens: Int, _ body: (Range<Int>) -> Void) {
        let size = ActivationRows.tileTokens
        let tiles = (tokens + size - 1) / size
        team.forEach(tiles, grain: max(1, tiles / (team.workers * Self.piecesPerWorker))) {
            body($0.lowerBound * size..<min($0.upperBound * size, tokens))
        }
    }

    private func embed(_ batch: StepBatch) {
        forEachTile(batch.tokens.count) { tokens in
            for token in tokens {
                embedding.copyRow(Int(batch.tokens[token]), into: state.residualRow(token))
                rotary.prepare(token: token, position: Int(batch.positions[token]))
            }
        }
    }

    /// Adds the last block's result to the residual stream, and prepares the next block's input from it.
    private func normalise(
        _ tokens: Int, adding result: UnsafeMutablePointer<Float>?, _ norm: FloatVector, quantised: Bool
    ) {
        forEachTile(tokens) { tokens in
            for token in tokens {
                let x = state.residualRow(token)
                if let result { kernels.add(result + token * state.projectedStride, to: x, count: configuration.width) }
                normalise(x, norm, into: state.input.row(token))
            }
            if quantised { state.input.quantise(tokens, with: kernels) }
        }
    }

    private func normalise(_ x: UnsafePointer<Float>, _ norm: FloatVector, into row: UnsafeMutablePointer<Float>) {
        kernels.rmsNorm(
            x, weight: norm.pointer, count: configuration.width, epsilon: configuration.normEpsilon, out: row)
    }

    private func queriesAndKeys(_ layer: Layer, _ index: Int, _ batch: StepBatch, _ cache: KVCache) {
        kernels.matmul(
            [
                MatmulOutput(layer.query, out: state.queries, stride: state.queryStride),
                MatmulOutput(layer.key, out: state.keys, stride: state.cacheStride),
                MatmulOutput(layer.value, out: state.values, stride: state.cacheStride),
            ], state.input, tokens: batch.tokens.count, team: team)
        forEachTile(batch.tokens.count) { tokens in
            for token in tokens {
                turnQuery(row: token, token: token)
                storeKey(token, index, batch, cache)
            }
        }
    }

    private func storeKeys(_ layer: Layer, _ index: Int, _ batch: StepBatch, _ cache: KVCache) {
        kernels.matmul(
            [
                MatmulOutput(layer.key, out: state.keys, stride: state.cacheStride),
                MatmulOutput(layer.value, out: state.values, stride: state.cacheStride),
            ], state.input, tokens: batch.tokens.count, team: team)
        forEachTile(batch.tokens.count) { for token in $0 { storeKey(token, index, batch, cache) } }
    }

    /// Moves the tokens whose logits are wanted to the first rows of the residual stream and of the block's input.
    private func keepOutputs(_ batch: StepBatch, quantised: Bool) -> Int {
        let width = configuration.width
        for (row, token) in batch.outputs.enumerated() where row != Int(token) {
            // Outputs ascend, so no row is overwritten before it is moved.
            state.residualRow(row).update(from: state.residualRow(Int(token)), count: width)
            state.input.row(row).update(from: state.input.row(Int(token)), count: width)
        }
        if quantised { forEachTile(batch.outputs.count) { state.input.quantise($0, with: kernels) } }
        return batch.outputs.count
    }

    private func queries(_ layer: Layer, _ batch: StepBatch) {
        let rows = batch.outputs.count
        kernels.matmul(
            [MatmulOutput(layer.query, out: state.queries, stride: state.queryStride)], state.input, tokens: rows,
            team: team)
        forEachTile(rows) { for row in $0 { turnQuery(row: row, token: Int(batch.outputs[row])) } }
    }

    private func turnQuery(row: Int, token: Int) {
        rotary.apply(
            token: token, heads: configuration.heads, headDimension: configuration.headDimension,
            state.queries + row * state.queryStride, with: kernels)
    }

    private func storeKey(_ token: Int, _ index: Int, _ batch: StepBatch, _ cache: KVCache) {
        let key = state.keys + token * state.cacheStride
        rotary.apply(
            token: token, heads: configuration.cacheHeads, headDimension: configuration.headDimension, key,
            with: kernels)
        let position = Int(batch.positions[token])
        let block = batch.tables[Int(batch.tableStarts[token]) + position / KVCache.blockTokens]
        cache.store(
            layer: index, block: Int(block), slot: position % KVCache.blockTokens, key: key,
            value: state.values + token * state.cacheStride, with: kernels)
    }

    /// One piece of work per KV head and few consecutive tokens of a sequence, no more than the kernel takes at once, so that
    /// even a short part of one prompt is work for all; each is computed by one worker from first to last position.
    ///
    /// Head by head: what follows in a worker's stretch reads the keys and values that it has just read.
    private func attend(_ index: Int, _ batch: StepBatch, _ spans: [StepBatch.Span], _ cache: KVCache) {
        let c = configuration
        let group = c.heads / c.cacheHeads
        let scale = 1 / Float(c.headDimension).squareRoot()
        let longest = spans.lazy.map(\.count).max() ?? 0
        // Two parts at least, where there are two tokens: heads may be fewer than workers.
        let tokens = max(min(KVCache.tileQueries / group, (longest + 1) / 2), 1)
        let parts = (longest + tokens - 1) / tokens
        batch.tables.withUnsafeBufferPointer { tables in
            guard let tables = tables.baseAddress else { return }
            team.forEach(c.cacheHeads * spans.count * parts, grain: 1) { range in
                for item in range {
                    let (head, place) = item.quotientAndRemainder(dividingBy: spans.count * parts)
                    let span = spans[place / parts]
                    let first = place % parts * tokens
                    guard first < span.count else { continue }
                    let row = span.row + first
                    let offset = head * group * c.headDimension
                    cache.attend(
                        layer: index, head: head, queries: state.queries + row * state.queryStride + offset,
                        queryStride: state.queryStride, tokens: min(tokens, span.count - first), queryHeads: group,
                        table: tables + Int(batch.tableStarts[span.token]),
                        length: Int(batch.positions[span.token]) + first + 1, scale: scale,
                        out: state.attended.row(row) + offset, outStride: state.attended.columns, with: kernels)
                }
            }
        }
    }

    private func project(_ layer: Layer, _ rows: Int) {
        if layer.output.readsQuantisedActivations {
            forEachTile(rows) { state.attended.quantise($0, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(layer.output, out: state.projected, stride: state.projectedStride)], state.attended,
            tokens: rows, team: team)
    }

    private func feedForward(_ layer: Layer, _ tokens: Int) {
        let count = configuration.feedForward
        kernels.matmul(
            [
                MatmulOutput(layer.gate, out: state.gate, stride: state.hiddenStride),
                MatmulOutput(layer.up, out: state.up, stride: state.hiddenStride),
            ], state.input, tokens: tokens, team: team)
        forEachTile(tokens) { tokens in
            for token in tokens {
                let offset = token * state.hiddenStride
                kernels.siluMultiply(
                    gate: state.gate + offset, up: state.up + offset, count: count, out: state.hidden.row(token))
            }
            if layer.down.readsQuantisedActivations { state.hidden.quantise(tokens, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(layer.down, out: state.projected, stride: state.projectedStride)], state.hidden,
            tokens: tokens, team: team)
    }

    /// The output head.
    ///
    /// - Parameter rows: Those whose logits are wanted, the first of the residual stream.
    private func logits(_ rows: Int) -> UnsafeMutablePointer<Float> {
        forEachTile(rows) { rows in
            for row in rows {
                let x = state.residualRow(row)
                kernels.add(state.projected + row * state.projectedStride, to: x, count: configuration.width)
                normalise(x, finalNorm, into: state.outputs.row(row))
            }
            if head.readsQuantisedActivations { state.outputs.quantise(rows, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(head, out: state.paddedLogits, stride: head.paddedRows)], state.outputs, tokens: rows,
            team: team)
        return state.compactLogits(rows, vocabulary: shape.vocabulary, stride: head.paddedRows)
    }
}
