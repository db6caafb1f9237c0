package import PinionModels
package import PinionTensor

/// Divides an engine's share of the memory, before the model or anything else is allocated from it.
package struct MemoryPlan: Sendable {
    /// What the rest of the process needs: code, tokenizer, requests without their bodies, and connections.
    private static let overheadBytes = 64 << 20

    /// Bytes that the engine could have planned with.
    package let share: Int
    package let weights: Int
    package let buffers: Int
    /// What the rest of the process needs, of which other engines plan their own part.
    package let overhead: Int
    package let cacheBlocks: Int
    /// Bytes of one block over all layers.
    package let blockBytes: Int

    package var cacheBytes: Int { cacheBlocks * blockBytes }
    /// All that is planned; at most the share.
    package var bytes: Int { weights + buffers + overhead + cacheBytes }

    /// - Parameters:
    ///   - share: What the engine may take.
    ///   - name: What is planned for, for a refusal.
    ///   - cacheType: What keys and values are kept as.
    ///   - context: Tokens of the longest sequence, for which there must be room.
    ///   - sequences: The cache is never larger than for as many contexts.
    ///   - bodies: Bytes of the share that are kept for the bodies of requests.
    /// - Throws: ``EngineError`` showing the arithmetic when not even one sequence of full length fits.
    package init(
        _ share: MemoryShare, for name: String, _ model: ModelPlan, cacheType: KVCache.ElementType, context: Int,
        sequences: Int, bodies: Int
    ) throws(EngineError) {
        self.share = share.bytes
        weights = model.weightBytes
        buffers = model.bufferBytes
        overhead = Self.overheadBytes + bodies
        blockBytes = model.shape.cache.blockBytes(cacheType)
        let perContext = (context + KVCache.blockTokens - 1) / KVCache.blockTokens
        let (wanted, overflow) = perContext.multipliedReportingOverflow(by: sequences)
        let available = share.bytes - weights - buffers - overhead
        let affordable = max(available, 0) / blockBytes
        guard affordable >= perContext else {
            let needed = weights + buffers + overhead + perContext * blockBytes
            let arithmetic = """
                weights \(Self.mebibytes(weights)) + buffers \(Self.mebibytes(buffers)) + overhead \
                \(Self.mebibytes(overhead)) + KV cache of one context of \(context) tokens \
                \(Self.mebibytes(perContext * blockBytes)) = \(Self.mebibytes(needed))
                """
            var ways: [String] = []
            if affordable > 0 { ways.append("lower --context to \(affordable * KVCache.blockTokens)") }
            if let smaller = Self.smallerType(blockBytes, of: model.shape.cache, upTo: available / perContext) {
                ways.append("set --kv-type \(smaller.rawValue)")
            }
            ways.append("raise --memory to \(Self.mebibytesCount(share.budget(for: needed)))M")
            throw EngineError(.insufficientMemory, Self.refusal(share, of: name, arithmetic, ways))
        }
        cacheBlocks = min(affordable, overflow ? affordable : wanted, BlockPool.maximumCapacity)
    }

    /// The type that keeps the most bits of those that take less than `blockBytes` a block, and `limit` at most.
    private static func smallerType(
        _ blockBytes: Int, of cache: KVCache.Shape, upTo limit: Int
    ) -> KVCache.ElementType? {
        KVCache.ElementType.allCases
            .filter { cache.blockBytes($0) < blockBytes && cache.blockBytes($0) <= limit }
            .max { cache.blockBytes($0) < cache.blockBytes($1) }
    }

    /// - Parameters:
    ///   - arithmetic: What the model needs.
    ///   - ways: What would make it fit: only what is not in force already, and only what is enough by itself.
    private static func refusal(
        _ share: MemoryShare, of name: String, _ arithmetic: String, _ ways: [String]
    ) -> String {
        var text = "memory budget of \(mebibytes(share.budget)) is too small for \(name): \(arithmetic)"
        if share.bytes < share.budget {
            text += ", and its share is \(mebibytes(share.bytes))"
            let others = share.others.map { "\($0.name ?? "a model that is being loaded") has \(mebibytes($0.bytes))" }
            if !others.isEmpty { text += "; " + others.joined(separator: ", ") }
        }
        let advice = ways.count > 1 ? ways.dropLast().joined(separator: ", ") + " or " + ways[ways.count - 1] : ways[0]
        return text + "; " + advice
    }

    /// The smallest share that gives a model so many cache blocks.
    ///
    /// - Parameter bodies: Bytes of request bodies that it has to hold beside.
    package static func share(
        for model: ModelPlan, cacheType: KVCache.ElementType, cacheBlocks: Int, bodies: Int = 0
    ) -> Int {
        model.weightBytes + model.bufferBytes + overheadBytes + bodies
            + cacheBlocks * model.shape.cache.blockBytes(cacheType)
    }

    /// The arithmetic, for people.
    package var description: String {
        """
        weights \(Self.mebibytes(weights)) + buffers \(Self.mebibytes(buffers)) + overhead \
        \(Self.mebibytes(overhead)) + KV cache \(Self.mebibytes(cacheBytes)) = \(Self.mebibytes(bytes)) of \
        \(Self.mebibytes(share))
        """
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(mebibytesCount(bytes)) MiB" }

    /// Rounded up.
    private static func mebibytesCount(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
