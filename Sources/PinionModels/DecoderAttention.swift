import PinionModelFiles
import PinionTensor

/// The attention of a decoder's layers: it stores a step's keys and values, and gathers what its queries attend to.
///
/// A layer's step stores keys and computes queries, attends, and projects what was gathered. The last layer may store the
/// keys of all tokens first, and then compute the queries of those alone whose logits are wanted.
final class DecoderAttention {
    private let numbers: Hyperparameters
    /// Factor of the products of queries and keys.
    private let scale: Float
    /// The rotation of layers without a window, and that of layers with one; none where positions are learned.
    private let rotations: [RotaryEmbedding]
    private let state: AttentionState
    private let kernels: Kernels
    private let team: WorkerTeam

    init(_ numbers: Hyperparameters, _ rotations: [RotaryEmbedding], _ context: LoadContext) throws(TensorError) {
        self.numbers = numbers
        self.rotations = rotations
        scale = numbers.attentionScale ?? 1 / Float(numbers.headDimension).squareRoot()
        state = try AttentionState(numbers, tokens: context.limits.tokens)
        kernels = context.kernels
        team = context.team
    }

    /// Computes the angles of a token of the step.
    func prepare(token: Int, position: Int) {
        for rotation in rotations { rotation.prepare(token: token, position: position) }
    }

    /// Stores the keys and values of all tokens of the step, and computes their queries.
    ///
    /// - Parameter input: `[tokens, width]`: the layer's normalised input.
    func storeKeysAndComputeQueries(
        _ layer: DecoderLayer, at index: Int, _ input: ActivationRows, _ batch: StepBatch, _ cache: KVCache
    ) {
        kernels.matmul(
            [
                MatmulOutput(layer.query.matrix, out: state.queries, stride: state.queryStride),
                MatmulOutput(layer.key.matrix, out: state.keys, stride: state.cacheStride),
                MatmulOutput(layer.value.matrix, out: state.values, stride: state.cacheStride),
            ], input, tokens: batch.tokens.count, team: team)
        let (query, key, valueBias) = (queryFinish(layer), keyFinish(layer), layer.value.bias?.pointer)
        team.forEachTile(batch.tokens.count) { tokens in
            for token in tokens {
                finishQuery(query, row: token, token: token, batch)
                storeKey(key, valueBias, token, index, batch, cache)
            }
        }
    }

    /// Stores the keys and values of all tokens of the step.
    func storeKeys(
        _ layer: DecoderLayer, at index: Int, _ input: ActivationRows, _ batch: StepBatch, _ cache: KVCache
    ) {
        kernels.matmul(
            [
                MatmulOutput(layer.key.matrix, out: state.keys, stride: state.cacheStride),
                MatmulOutput(layer.value.matrix, out: state.values, stride: state.cacheStride),
            ], input, tokens: batch.tokens.count, team: team)
        let (key, valueBias) = (keyFinish(layer), layer.value.bias?.pointer)
        team.forEachTile(batch.tokens.count) {
            for token in $0 { storeKey(key, valueBias, token, index, batch, cache) }
        }
    }

    /// Computes the queries of the tokens whose logits are wanted.
    ///
    /// - Parameter input: `[outputs, width]`: the rows of those tokens alone.
    func computeQueries(_ layer: DecoderLayer, _ input: ActivationRows, _ batch: StepBatch) {
        let rows = batch.outputs.count
        kernels.matmul(
            [MatmulOutput(layer.query.matrix, out: state.queries, stride: state.queryStride)], input,
            tokens: rows, team: team)
        let query = queryFinish(layer)
        team.forEachTile(rows) { for row in $0 { finishQuery(query, row: row, token: Int(batch.outputs[row]), batch) } }
    }

    /// Gathers the values that the queries of these spans attend to.
    ///
    /// One piece of work per KV head and few consecutive tokens of a sequence, no more than the kernel takes at once, so that
    /// even a short part of one prompt is work for all; each is computed by one worker from first to last position.
    ///
    /// Head by head: what follows in a worker's stretch reads the keys and values that it has just read.
    func attend(
        _ layer: DecoderLayer, at index: Int, _ batch: StepBatch, _ spans: [StepBatch.Span], _ cache: KVCache
    ) {
        let group = numbers.heads / numbers.cacheHeads
        let longest = spans.lazy.map(\.count).max() ?? 0
        // Two parts at least, where there are two tokens: heads may be fewer than workers.
        let tokens = max(min(KVCache.tileQueries / group, (longest + 1) / 2), 1)
        let parts = (longest + tokens - 1) / tokens
        let sinks = layer.sinks?.pointer
        batch.tables.withUnsafeBufferPointer { tables in
            guard let tables = tables.baseAddress else { return }
            team.forEach(numbers.cacheHeads * spans.count * parts, grain: 1) { range in
                for item in range {
                    let (head, place) = item.quotientAndRemainder(dividingBy: spans.count * parts)
                    let span = spans[place / parts]
                    let first = place % parts * tokens
                    guard first < span.count else { continue }
                    let row = span.row + first
                    let offset = head * group * numbers.headDimension
                    cache.attend(
                        layer: index, head: head, queries: state.queries + row * state.queryStride + offset,
                        queryStride: state.queryStride, tokens: min(tokens, span.count - first), queryHeads: group,
                        table: tables + Int(batch.tableStarts[span.token]),
                        length: Int(batch.positions[span.token]) + first + 1, scale: scale,
                        limits: layer.limits, sinks: sinks.map { $0 + head * group },
                        out: state.attended.row(row) + offset,
                        outStride: state.attended.columns, with: kernels)
                }
            }
        }
    }

    /// Multiplies what was gathered with the layer's output matrix, whose bias is left to the caller.
    ///
    /// - Parameter out: `[rows, stride]`
    func project(_ layer: DecoderLayer, _ rows: Int, out: UnsafeMutablePointer<Float>, stride: Int) {
        if layer.output.readsQuantisedActivations {
            team.forEachTile(rows) { state.attended.quantise($0, with: kernels) }
        }
        kernels.matmul(
            [MatmulOutput(layer.output.matrix, out: out, stride: stride)], state.attended, tokens: rows, team: team)
    }
}

// MARK: - A token's queries, keys and values

extension DecoderAttention {
    private func queryFinish(_ layer: DecoderLayer) -> HeadFinish {
        finish(layer, heads: numbers.heads, layer.query.bias, layer.queryNorm)
    }

    private func keyFinish(_ layer: DecoderLayer) -> HeadFinish {
        finish(layer, heads: numbers.cacheHeads, layer.key.bias, layer.keyNorm)
    }

    private func finish(_ layer: DecoderLayer, heads: Int, _ bias: FloatVector?, _ norm: Norm?) -> HeadFinish {
        HeadFinish(
            heads: heads, headDimension: numbers.headDimension, bias: bias?.pointer, norm: norm?.unretained,
            angles: layer.rotation.map { rotations[$0].angles })
    }

    private func finishQuery(_ finish: HeadFinish, row: Int, token: Int, _ batch: StepBatch) {
        let query = state.queries + row * state.queryStride
        finish.apply(query, token: token, with: kernels)
        if let temperature = numbers.temperature {
            let factor = temperature.factor(position: Int(batch.positions[token]))
            if factor != 1 { kernels.scale(query, count: numbers.heads * numbers.headDimension, by: factor) }
        }
    }

    private func storeKey(
        _ finish: HeadFinish, _ valueBias: UnsafePointer<Float>?, _ token: Int, _ index: Int, _ batch: StepBatch,
        _ cache: KVCache
    ) {
        let key = state.keys + token * state.cacheStride
        let value = state.values + token * state.cacheStride
        finish.apply(key, token: token, with: kernels)
        if let valueBias { kernels.add(valueBias, to: value, count: numbers.cacheHeads * numbers.headDimension) }
        let position = Int(batch.positions[token])
        let block = batch.tables[Int(batch.tableStarts[token]) + position / KVCache.blockTokens]
        cache.store(
            layer: index, block: Int(block), slot: position % KVCache.blockTokens, key: key, value: value,
            with: kernels)
    }
}
