package import PinionModels
import PinionTensor

/// Divides the memory budget, before the model or anything else is allocated from it.
package struct MemoryPlan: Sendable {
    /// What the rest of the process needs: code, tokenizer, requests without their bodies, and connections.
    private static let overheadBytes = 64 << 20
    /// Of the memory that is free when the engine starts, the part that it takes unless it is told.
    private static let shareOfFree = 0.8

    /// Bytes that all engines of a process take together, unless it is told.
    package static var standardBudget: Int { Int(Double(MachineLimits.freeMemory) * shareOfFree) }

    package let budget: Int
    package let weights: Int
    package let buffers: Int
    /// What the rest of the process needs, of which other engines plan their own part.
    package let overhead: Int
    package let cacheBlocks: Int
    /// Bytes of one block over all layers.
    package let blockBytes: Int

    package var cacheBytes: Int { cacheBlocks * blockBytes }
    /// All that is planned; at most the budget.
    package var bytes: Int { weights + buffers + overhead + cacheBytes }

    /// - Parameters:
    ///   - budget: Bytes; nil for most of the memory that is free now.
    ///   - context: Tokens of the longest sequence, for which there must be room.
    ///   - sequences: The cache is never larger than for as many contexts.
    ///   - bodies: Bytes of the budget that are kept for the bodies of requests.
    /// - Throws: ``EngineError`` showing the arithmetic when not even one sequence of full length fits.
    init(
        budget: Int?, model: ModelPlan, context: Int, sequences: Int, bodies: Int
    ) throws(EngineError) {
        self.budget = budget ?? Self.standardBudget
        weights = model.weightBytes
        buffers = model.bufferBytes
        overhead = Self.overheadBytes + bodies
        blockBytes = model.shape.cache.blockBytes
        let perContext = (context + KVCache.blockTokens - 1) / KVCache.blockTokens
        let (wanted, overflow) = perContext.multipliedReportingOverflow(by: sequences)
        let available = self.budget - weights - buffers - overhead
        let affordable = max(available, 0) / blockBytes
        guard affordable >= perContext else {
            let needed = weights + buffers + overhead + perContext * blockBytes
            let advice = Self.advice(
                shape: model.shape.cache, available: available, perContext: perContext, needed: needed)
            throw EngineError(
                .insufficientMemory,
                """
                memory budget of \(Self.mebibytes(self.budget)) is too small: weights \(Self.mebibytes(weights)) + \
                buffers \(Self.mebibytes(buffers)) + \
                overhead \(Self.mebibytes(overhead)) + KV cache of one context of \(context) tokens \
                \(Self.mebibytes(perContext * blockBytes)) = \(Self.mebibytes(needed)); \(advice)
                """)
        }
        cacheBlocks = min(affordable, overflow ? affordable : wanted, BlockPool.maximumCapacity)
    }

    /// What would make the model fit: only what is not in force already, and only what is enough by itself.
    ///
    /// - Parameters:
    ///   - available: Bytes that the budget leaves for the cache.
    ///   - perContext: Blocks of one context.
    ///   - needed: Bytes of everything.
    private static func advice(shape: KVCache.Shape, available: Int, perContext: Int, needed: Int) -> String {
        let affordable = max(available, 0) / shape.blockBytes
        var ways: [String] = []
        if affordable > 0 { ways.append("lower --context to \(affordable * KVCache.blockTokens)") }
        var smaller = shape
        smaller.elementType = .q8
        if shape.elementType != .q8, smaller.blockBytes * perContext <= available { ways.append("set --kv-type q8") }
        ways.append("raise --memory to \(mebibytesCount(needed))M for each model")
        return ways.count > 1 ? ways.dropLast().joined(separator: ", ") + " or " + ways[ways.count - 1] : ways[0]
    }

    /// The smallest budget that gives a model so many cache blocks.
    ///
    /// - Parameter bodies: Bytes of request bodies that it has to hold beside.
    package static func budget(for model: ModelPlan, cacheBlocks: Int, bodies: Int = 0) -> Int {
        model.weightBytes + model.bufferBytes + overheadBytes + bodies + cacheBlocks * model.shape.cache.blockBytes
    }

    /// The arithmetic, for people.
    package var description: String {
        """
        weights \(Self.mebibytes(weights)) + buffers \(Self.mebibytes(buffers)) + overhead \
        \(Self.mebibytes(overhead)) + KV cache \(Self.mebibytes(cacheBytes)) = \(Self.mebibytes(bytes)) of \
        \(Self.mebibytes(budget))
        """
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(mebibytesCount(bytes)) MiB" }

    /// Rounded up.
    private static func mebibytesCount(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
