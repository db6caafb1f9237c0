import Foundation
import PinionModels
import PinionTensor

/// Divides the memory budget, before anything is allocated from it.
struct MemoryPlan {
    /// What the rest of the process needs: code, tokenizer, connections.
    private static let overheadBytes = 64 << 20

    let cacheBlocks: Int

    /// - Parameters:
    ///   - budget: Bytes; nil for half of the machine's memory.
    ///   - weights: Bytes of the model file, which packing does not change by more than row padding.
    ///   - context: Tokens of the longest sequence, for which there must be room.
    /// - Throws: ``EngineError`` showing the arithmetic when not even one sequence of full length fits.
    init(budget: Int?, weights: Int, shape: KVCache.Shape, context: Int, sequences: Int) throws(EngineError) {
        let budget = budget ?? Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
        let perContext = (context + KVCache.blockTokens - 1) / KVCache.blockTokens
        let (wanted, overflow) = perContext.multipliedReportingOverflow(by: sequences)
        let available = budget - weights - Self.overheadBytes
        let affordable = max(available, 0) / shape.blockBytes
        guard affordable >= perContext else {
            throw EngineError(
                .insufficientMemory,
                """
                memory budget of \(Self.mebibytes(budget)) is too small: weights \(Self.mebibytes(weights)) + \
                overhead \(Self.mebibytes(Self.overheadBytes)) + KV cache of one context of \(context) tokens \
                \(Self.mebibytes(perContext * shape.blockBytes)); lower --context or raise --memory
                """)
        }
        cacheBlocks = min(affordable, overflow ? affordable : wanted, Int(Int32.max))
    }

    private static func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
