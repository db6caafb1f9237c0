import CPinionKernels

/// Keys and values of every layer, in blocks of 16 tokens that sequences hold through block tables.
///
/// Halves. A block of one layer and KV head is `[headDimension][16 tokens]` for keys, so that 16 scores form in the lanes
/// of one register without a horizontal sum, and `[16 tokens][padded headDimension]` for values.
/// Owned by the engine thread; its worker team writes disjoint (token, head) parts.
package final class KVCache {
    package static let blockTokens = Int(PN_CACHE_BLOCK_TOKENS)
    /// The widest head that the attention kernels have room for.
    package static let maximumHeadDimension = Int(PN_MAX_HEAD_DIM)
    private static let lanes = 16

    package struct Shape: Sendable, Equatable {
        package var layers: Int
        package var heads: Int
        package var headDimension: Int

        package init(layers: Int, heads: Int, headDimension: Int) {
            self.layers = layers
            self.heads = heads
            self.headDimension = headDimension
        }

        var paddedDimension: Int { (headDimension + KVCache.lanes - 1) / KVCache.lanes * KVCache.lanes }
        /// Halves of one head's keys and values in one block of one layer.
        var headElements: Int { (headDimension + paddedDimension) * KVCache.blockTokens }
        /// Bytes of one block over all layers.
        package var blockBytes: Int { layers * heads * headElements * MemoryLayout<UInt16>.size }
    }

    package let shape: Shape
    package let blocks: Int
    /// [layers, blocks, heads, keys then values]
    private let storage: AlignedBuffer<UInt16>
    private let headElements: Int

    package init(shape: Shape, blocks: Int) throws(TensorError) {
        self.shape = shape
        self.blocks = blocks
        headElements = shape.headElements
        let (count, overflow) = blocks.multipliedReportingOverflow(by: shape.layers * shape.heads * shape.headElements)
        guard !overflow else { throw TensorError(.outOfMemory, "a KV cache of \(blocks) blocks exceeds all memory") }
        storage = try AlignedBuffer(count: count)
    }

    /// Halves from one block to the next within a layer.
    private var blockStride: Int { shape.heads * headElements }

    private func base(layer: Int, head: Int) -> UnsafeMutablePointer<UInt16> {
        storage.pointer + layer * blocks * blockStride + head * headElements
    }

    /// Stores one token's key and value of every head, both `[heads, headDimension]`.
    ///
    /// What a half cannot hold becomes its largest number. NaN stays: a model that makes it has lost its text, and only then
    /// may a later token reach an earlier one of the same step.
    /// - Parameters:
    ///   - block: The cache block that holds the token's position.
    ///   - slot: The position within the block.
    package func store(
        layer: Int, block: Int, slot: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>, with kernels: Kernels
    ) {
        precondition(block >= 0 && block < blocks && slot < Self.blockTokens, "block \(block) slot \(slot)")
        let dimension = shape.headDimension
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: dimension) { halves in
            guard let scratch = halves.baseAddress else { return }
            for head in 0..<shape.heads {
                let keys = base(layer: layer, head: head) + block * blockStride
                kernels.table.pointee.to_half(key + head * dimension, dimension, scratch)
                for d in 0..<dimension { keys[d * Self.blockTokens + slot] = scratch[d] }
                let values = keys + dimension * Self.blockTokens + slot * shape.paddedDimension
                kernels.table.pointee.to_half(value + head * dimension, dimension, values)
            }
        }
    }

    /// Copies a block's keys and values of every layer.
    package func copyBlock(from source: Int, to target: Int) {
        precondition(source >= 0 && source < blocks && target >= 0 && target < blocks, "block \(source) to \(target)")
        for layer in 0..<shape.layers {
            let blocks = base(layer: layer, head: 0)
            (blocks + target * blockStride).update(from: blocks + source * blockStride, count: blockStride)
        }
    }

    /// The attention of consecutive tokens of one sequence for the query heads that share KV head `head`.
    ///
    /// - Parameters:
    ///   - queries: [tokens, queryHeads, headDimension]; token rows are `queryStride` floats apart.
    ///   - table: Cache blocks of the sequence, in order.
    ///   - length: Tokens that the first token attends to, its own included; each next token attends to one more.
    ///   - out: [tokens, queryHeads, headDimension]; token rows are `outStride` floats apart.
    package func attend(
        layer: Int, head: Int, queries: UnsafePointer<Float>, queryStride: Int, tokens: Int, queryHeads: Int,
        table: UnsafePointer<Int32>, length: Int, scale: Float, out: UnsafeMutablePointer<Float>, outStride: Int,
        with kernels: Kernels
    ) {
        let keys = base(layer: layer, head: head)
        var arguments = pn_attention(
            queries: queries, query_stride: queryStride, tokens: tokens, heads: queryHeads,
            head_dim: shape.headDimension, keys: keys, values: keys + shape.headDimension * Self.blockTokens,
            block_stride: blockStride, table: table, length: length, scale: scale, out: out, out_stride: outStride)
        kernels.table.pointee.attention(&arguments)
    }
}
