import CPinionKernels

/// Keys and values of every layer, in blocks of 16 tokens that sequences hold through block tables.
///
/// A token's key and value are rounded by themselves alone, whatever stands beside them in the block.
/// Owned by the engine thread; its worker team writes disjoint (token, head) parts.
package final class KVCache {
    package static let blockTokens = Int(PN_CACHE_BLOCK_TOKENS)
    /// The widest head that the attention kernels have room for.
    package static let maximumHeadDimension = Int(PN_MAX_HEAD_DIM)

    /// Queries that the kernels take at once, at most: the heads of one token or of several that share a KV head.
    package static let tileQueries = 12

    package let shape: Shape
    package let elementType: ElementType
    package let blocks: Int
    /// [layers, heads, blocks, bytes of ``HeadLayout``]: a head's consecutive blocks are one stream for whoever reads them.
    ///
    /// In small pages: of large ones, a block would begin one in each layer and head at the same moment, and the step would
    /// wait for all of them to be cleared.
    private let storage: AlignedBuffer<UInt8>
    private let layout: HeadLayout

    package init(shape: Shape, elementType: ElementType, blocks: Int) throws(TensorError) {
        self.shape = shape
        self.elementType = elementType
        self.blocks = blocks
        layout = HeadLayout(shape, elementType)
        let (count, overflow) = blocks.multipliedReportingOverflow(by: shape.blockBytes(elementType))
        guard !overflow else { throw TensorError(.outOfMemory, "a KV cache of \(blocks) blocks exceeds all memory") }
        storage = try AlignedBuffer(count: count, largePages: false)
    }

    /// One head's part of a block.
    private func base(layer: Int, block: Int, head: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(storage.pointer) + ((layer * shape.heads + head) * blocks + block) * layout.bytes
    }

    /// Stores one token's key and value of every head, both `[heads, headDimension]`.
    ///
    /// What the element type cannot hold becomes its largest number. NaN stays, as its whole group in bytes: a model that
    /// makes it has lost its text, and only then, with halves or floats, may a later token reach an earlier one of the
    /// same step.
    /// - Parameters:
    ///   - block: The cache block that holds the token's position.
    ///   - slot: The position within the block.
    package func store(
        layer: Int, block: Int, slot: Int, key: UnsafePointer<Float>, value: UnsafePointer<Float>, with kernels: Kernels
    ) {
        precondition(block >= 0 && block < blocks && slot < Self.blockTokens, "block \(block) slot \(slot)")
        for head in 0..<shape.heads {
            let base = base(layer: layer, block: block, head: head)
            let (key, value) = (key + head * shape.headDimension, value + head * shape.headDimension)
            switch elementType {
            case .f32: storeNumbers(base, slot, key, value, kernels.table.pointee.to_finite)
            case .f16: storeNumbers(base, slot, key, value, kernels.table.pointee.to_half)
            case .q8: storeBytes(base, slot, key, value, kernels)
            }
        }
    }

    /// Floats or halves, which have no scales.
    private func storeNumbers<Number: BitwiseCopyable>(
        _ base: UnsafeMutableRawPointer, _ slot: Int, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
        _ convert: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Number>) -> Void
    ) {
        let dimension = shape.headDimension
        withUnsafeTemporaryAllocation(of: Number.self, capacity: dimension) { numbers in
            guard let scratch = numbers.baseAddress else { return }
            convert(key, dimension, scratch)
            Self.scatter(numbers, to: base, slot)
        }
        let values = (base + layout.values).assumingMemoryBound(to: Number.self)
        convert(value, dimension, values + slot * layout.valueStride)
    }

    private func storeBytes(
        _ base: UnsafeMutableRawPointer, _ slot: Int, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
        _ kernels: Kernels
    ) {
        let dimension = shape.headDimension
        withUnsafeTemporaryAllocation(of: Int8.self, capacity: dimension) { quants in
            withUnsafeTemporaryAllocation(of: UInt16.self, capacity: HeadLayout.groups(dimension)) { scales in
                guard let scratch = quants.baseAddress, let groups = scales.baseAddress else { return }
                kernels.table.pointee.to_q8(key, dimension, scratch, groups)
                Self.scatter(quants, to: base, slot)
                Self.scatter(scales, to: base + layout.keyScales, slot)
                let values = (base + layout.values).assumingMemoryBound(to: Int8.self)
                kernels.table.pointee.to_q8(value, dimension, values + slot * layout.valueStride, groups)
                Self.scatter(scales, to: base + layout.valueScales, slot)
            }
        }
    }

    /// Column `slot` of `[elements][16 tokens]`.
    private static func scatter<Element: BitwiseCopyable>(
        _ elements: UnsafeMutableBufferPointer<Element>, to base: UnsafeMutableRawPointer, _ slot: Int
    ) {
        let column = base.assumingMemoryBound(to: Element.self) + slot
        for index in elements.indices { column[index * blockTokens] = elements[index] }
    }

    /// Copies one block in all layers, so that a sequence may go on in a block that others still read.
    package func copyBlock(from source: Int, to destination: Int) {
        precondition(
            (0..<blocks).contains(source) && (0..<blocks).contains(destination),
            "block \(source) to \(destination) of \(blocks)")
        for layer in 0..<shape.layers {
            for head in 0..<shape.heads {
                base(layer: layer, block: destination, head: head)
                    .copyMemory(from: base(layer: layer, block: source, head: head), byteCount: layout.bytes)
            }
        }
    }

    /// The attention of consecutive tokens of one sequence for the query heads that share KV head `head`.
    ///
    /// - Parameters:
    ///   - queries: [tokens, queryHeads, headDimension]; token rows are `queryStride` floats apart.
    ///   - table: Cache blocks of the sequence, in order.
    ///   - length: Tokens that the first token attends to, its own included; each next token attends to one more.
    ///   - limits: What a query may see, and how scores are bent.
    ///   - sinks: [queryHeads], the attention sink of each head, a score whose value vector is 0; nil for none.
    ///   - out: [tokens, queryHeads, headDimension]; token rows are `outStride` floats apart.
    package func attend(
        layer: Int, head: Int, queries: UnsafePointer<Float>, queryStride: Int, tokens: Int, queryHeads: Int,
        table: UnsafePointer<Int32>, length: Int, scale: Float, limits: AttentionLimits = AttentionLimits(),
        sinks: UnsafePointer<Float>? = nil, out: UnsafeMutablePointer<Float>, outStride: Int,
        with kernels: Kernels
    ) {
        let base = UnsafeRawPointer(base(layer: layer, block: 0, head: head))
        var arguments = pn_attention(
            queries: queries, query_stride: queryStride, tokens: tokens, heads: queryHeads,
            head_dim: shape.headDimension, keys: base, values: base + layout.values,
            key_scales: (base + layout.keyScales).assumingMemoryBound(to: UInt16.self),
            value_scales: (base + layout.valueScales).assumingMemoryBound(to: UInt16.self),
            block_stride: layout.bytes,
            table: table, length: length, scale: scale, window: limits.window, soft_cap: limits.softCap,
            sinks: sinks, out: out, out_stride: outStride)
        switch elementType {
        case .f32: kernels.table.pointee.attention_f32(&arguments)
        case .f16: kernels.table.pointee.attention_f16(&arguments)
        case .q8: kernels.table.pointee.attention_q8(&arguments)
        }
    }
}

/// What bounds attention beside the order of tokens.
package struct AttentionLimits: Sendable, Equatable {
    /// Tokens that a query sees at most, its own and those right before it; 0 for all.
    package var window: Int
    /// Scores s become `softCap * tanh(s / softCap)`; 0 leaves them.
    package var softCap: Float

    package init(window: Int = 0, softCap: Float = 0) {
        precondition(window >= 0 && softCap >= 0, "a window of \(window), a soft cap of \(softCap)")
        self.window = window
        self.softCap = softCap
    }
}
