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
            shape: configuration.shape, bufferBytes: LlamaState.byteCount(configuration, limits: limits))
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
        for (index, layer) in layers.enumerated() {
            normalise(
                tokens, adding: index > 0 ? state.projected : nil, layer.attentionNorm,
                quantised: layer.readsQuantisedInput)
            attention(layer, index, batch, cache)
            normalise(tokens, adding: state.projected, layer.feedForwardNorm, quantised: layer.readsQuantisedHidden)
            feedForward(layer, tokens)
        }
        return logits(batch)
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

    private func attention(_ layer: Layer, _ index: Int, _ batch: StepBatch, _ cache: KVCache) {
        let c = configuration
        let tokens = batch.tokens.count
        kernels.matmul(
            [
                MatmulOutput(layer.query, out: state.queries, stride: state.queryStride),
                MatmulOutput(layer.key, out: state.keys, stride: state.cacheStride),
                MatmulOutput(layer.value, out: state.values, stride: state.cacheStride),
            ], state.input, tokens: tokens, team: team)
        forEachTile(tokens) { tokens in
            for token in tokens {
                let key = state.keys + token * state.cacheStride
                let query = state.queries + token * state.queryStride
                rotary.apply(token: token, heads: c.heads, headDimension: c.headDimension, query, with: kernels)
                rotary.apply(token: token, heads: c.cacheHeads, headDimension: c.headDimension, key, with: kernels)
                let position = Int(batch.positions[token])
                let block = batch.tables[Int(batch.tableStarts[token]) + position / KVCache.blockTokens]
                cache.store(
                    layer: index, block: Int(block), slot: position % KVCache.blockTokens, key: key,
                    value: state.values + token * state.cacheStride, with: kernels)
            }
        }
        attend(index, batch, cache)
        if layer.output.readsQuantisedActivations {
            forEachTile(tokens) { state.attended.quantise($0, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(layer.output, out: state.projected, stride: state.projectedStride)], state.attended,
            tokens: tokens, team: team)
    }

    /// One piece of work per KV head and few consecutive tokens of a sequence; each is computed by one worker from first
    /// to last position.
    private func attend(_ index: Int, _ batch: StepBatch, _ cache: KVCache) {
        let c = configuration
        let group = c.heads / c.cacheHeads
        let scale = 1 / Float(c.headDimension).squareRoot()
        batch.tables.withUnsafeBufferPointer { tables in
            guard let tables = tables.baseAddress else { return }
            team.forEach(batch.spans.count * c.cacheHeads, grain: 1) { range in
                for item in range {
                    let (span, head) = (batch.spans[item / c.cacheHeads], item % c.cacheHeads)
                    let offset = head * group * c.headDimension
                    cache.attend(
                        layer: index, head: head, queries: state.queries + span.token * state.queryStride + offset,
                        queryStride: state.queryStride, tokens: span.count, queryHeads: group,
                        table: tables + Int(batch.tableStarts[span.token]),
                        length: Int(batch.positions[span.token]) + 1, scale: scale,
                        out: state.attended.row(span.token) + offset, outStride: state.attended.columns, with: kernels)
                }
            }
        }
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

    /// The output head, for the rows that were asked for only.
    private func logits(_ batch: StepBatch) -> UnsafeMutablePointer<Float> {
        let count = batch.outputs.count
        forEachTile(count) { rows in
            for row in rows {
                let token = Int(batch.outputs[row])
                let x = state.residualRow(token)
                kernels.add(state.projected + token * state.projectedStride, to: x, count: configuration.width)
                normalise(x, finalNorm, into: state.outputs.row(row))
            }
            if head.readsQuantisedActivations { state.outputs.quantise(rows, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(head, out: state.paddedLogits, stride: head.paddedRows)], state.outputs, tokens: count,
            team: team)
        return state.compactLogits(count, vocabulary: shape.vocabulary, stride: head.paddedRows)
    }
}
