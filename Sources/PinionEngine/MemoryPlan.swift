import PinionModels
import PinionTensor

/// Divides the memory budget, before the model or anything else is allocated from it.
struct MemoryPlan {
    /// What the rest of the process needs: code, tokenizer, connections.
    private static let overheadBytes = 64 << 20

    let cacheBlocks: Int

    /// - Parameters:
    ///   - budget: Bytes; nil for half of the memory that this process may use.
    ///   - weights: Bytes of the packed matrices.
    ///   - buffers: Bytes of the model's working buffers.
    ///   - context: Tokens of the longest sequence, for which there must be room.
    /// - Throws: ``EngineError`` showing the arithmetic when not even one sequence of full length fits.
    init(
        budget: Int?, weights: Int, buffers: Int, shape: KVCache.Shape, context: Int, sequences: Int
    ) throws(EngineError) {
        let budget = budget ?? MachineLimits.memory / 2
        let perContext = (context + KVCache.blockTokens - 1) / KVCache.blockTokens
        let (wanted, overflow) = perContext.multipliedReportingOverflow(by: sequences)
        let available = budget - weights - buffers - Self.overheadBytes
        let affordable = max(available, 0) / shape.blockBytes
        guard affordable >= perContext else {
            throw EngineError(
                .insufficientMemory,
                """
                memory budget of \(Self.mebibytes(budget)) is too small: weights \(Self.mebibytes(weights)) + \
                buffers \(Self.mebibytes(buffers)) + \
                overhead \(Self.mebibytes(Self.overheadBytes)) + KV cache of one context of \(context) tokens \
                \(Self.mebibytes(perContext * shape.blockBytes)); lower --context or raise --memory
                """)
        }
        cacheBlocks = min(affordable, overflow ? affordable : wanted, Int(Int32.max))
    }

    private static func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
