/// Turns stored rows into rows of another format, as a file of that format would have them.
struct RowEncoder {
    let source: MatrixSource

    init(_ source: MatrixSource) {
        self.source = source
    }

    /// Calls `body` with the place of each row among `rows` and its bytes, which are valid during the call.
    ///
    /// A row with a weight that is not finite is handed on with one that is not, so that packing refuses it.
    func forEachRow(_ rows: Range<Int>, _ body: (Int, UnsafeRawPointer) -> Void) {
        let type = source.type
        let rowBytes = source.columns / type.blockElements * type.blockBytes
        if case .coded(let type) = source.tensor.type { return forEachCodedRow(rows, type, rowBytes, body) }
        if let exponents = source.tensor.exponents { return forEachSplitRow(rows, exponents, rowBytes, body) }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: source.columns) { floats in
            withUnsafeTemporaryAllocation(byteCount: rowBytes, alignment: MemoryLayout<Float>.alignment) { bytes in
                guard let start = bytes.baseAddress else { return }
                for (place, row) in rows.enumerated() {
                    source.readRow(row, into: floats)
                    encode(floats, into: start)
                    body(place, start)
                }
            }
        }
    }

    private func forEachCodedRow(
        _ rows: Range<Int>, _ type: CodedType, _ rowBytes: Int, _ body: (Int, UnsafeRawPointer) -> Void
    ) {
        precondition(!source.tensor.isTransposed && source.tensor.addend == 0, "\(type.name) has no single elements")
        let reader = CodedReader(type: type)
        let blocks = source.columns / CodedType.blockElements
        withUnsafeTemporaryAllocation(byteCount: rowBytes, alignment: MemoryLayout<Float>.alignment) { bytes in
            guard let start = bytes.baseAddress, let file = source.tensor.bytes.baseAddress else { return }
            for (place, row) in rows.enumerated() {
                for block in 0..<blocks {
                    reader.read(
                        file + (row * blocks + block) * type.blockBytes, into: start + block * source.type.blockBytes)
                }
                body(place, start)
            }
        }
    }

    /// Rows of MXFP4 as GGML's files have them: a block's exponent before its quants, and in a byte columns that lie 16
    /// apart in place of neighbours.
    private func forEachSplitRow(
        _ rows: Range<Int>, _ exponents: StoredTensor.Exponents, _ rowBytes: Int,
        _ body: (Int, UnsafeRawPointer) -> Void
    ) {
        let (bytes, scales) = (source.tensor.bytes, exponents.bytes)
        let (storedBytes, blockBytes) = (source.tensor.type.blockBytes, source.type.blockBytes)
        let blocks = source.columns / source.type.blockElements
        withUnsafeTemporaryAllocation(byteCount: rowBytes, alignment: MemoryLayout<Float>.alignment) { row in
            guard let start = row.baseAddress else { return }
            for (place, row) in rows.enumerated() {
                let first = source.storedRow(row) * blocks
                for block in 0..<blocks {
                    let target = start + block * blockBytes
                    let offset = (first + block) * storedBytes
                    let low = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt8>.self)
                    let high = bytes.loadUnaligned(fromByteOffset: offset + storedBytes / 2, as: SIMD8<UInt8>.self)
                    var quants = SIMD16<UInt8>()
                    quants.evenHalf = low & 0x0f | high &<< 4
                    quants.oddHalf = low &>> 4 | high & 0xf0
                    target.storeBytes(of: scales[first + block], as: UInt8.self)
                    target.storeBytes(of: quants, toByteOffset: 1, as: SIMD16<UInt8>.self)
                }
                body(place, start)
            }
        }
    }

    /// Writes a row's bytes; of K types and their fallbacks only finite weights.
    func encode(_ floats: UnsafeMutableBufferPointer<Float>, into out: UnsafeMutableRawPointer) {
        switch source.type {
        case .f32:
            for (column, value) in floats.enumerated() {
                out.storeBytes(of: value, toByteOffset: column * 4, as: Float.self)
            }
        case .f16:
            for (column, value) in floats.enumerated() {
                out.storeBytes(of: Self.halfBits(value), toByteOffset: column * 2, as: UInt16.self)
            }
        case .bf16:
            for (column, value) in floats.enumerated() {
                out.storeBytes(of: Self.brainBits(value), toByteOffset: column * 2, as: UInt16.self)
            }
        case .q8_0: encodeBlocks(floats, into: out, Self.encodeQ8)
        case .q4_0: encodeBlocks(floats, into: out, Self.encodeQ4)
        case .q5_0: encodeBlocks(floats, into: out, FiveBitQuantiser.encodeSymmetric)
        case .q5_1: encodeBlocks(floats, into: out, FiveBitQuantiser.encodeAffine)
        case .q4_K: encodeBlocks(floats, into: out, SuperBlockQuantiser(hasHighBits: false).encode)
        case .q5_K: encodeBlocks(floats, into: out, SuperBlockQuantiser(hasHighBits: true).encode)
        case .q6_K: encodeBlocks(floats, into: out, SignedSuperBlockQuantiser.encode)
        default: preconditionFailure("nothing is rounded to \(source.type.name)")
        }
    }

    private func encodeBlocks(
        _ floats: UnsafeMutableBufferPointer<Float>, into out: UnsafeMutableRawPointer,
        _ encode: (UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void
    ) {
        guard let first = floats.baseAddress else { return }
        let (columns, bytes) = (source.type.blockElements, source.type.blockBytes)
        for block in 0..<source.columns / columns { encode(first + block * columns, out + block * bytes) }
    }

    /// A half for the largest magnitude / 127, and 32 signed bytes.
    private static func encodeQ8(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) {
        let scale = abs(largest(x)) / 127
        out.storeBytes(of: halfBits(scale), as: UInt16.self)
        let inverse = scale > 0 && scale.isFinite ? 1 / scale : 0
        for column in 0..<PackedMatrix.blockColumns {
            let rounded = inverse.isFinite ? (x[column] * inverse).rounded(.toNearestOrAwayFromZero) : 0
            let quant = rounded.isFinite ? Int8(max(-127, min(127, rounded))) : 0
            out.storeBytes(of: quant, toByteOffset: 2 + column, as: Int8.self)
        }
    }

    /// A half for the number of largest magnitude / -8, and nibbles of 8 + number / scale: columns 0-15 in the low ones,
    /// 16-31 in the high ones.
    private static func encodeQ4(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) {
        let scale = largest(x) / -8
        out.storeBytes(of: halfBits(scale), as: UInt16.self)
        let inverse = scale != 0 && scale.isFinite ? 1 / scale : 0
        func quant(_ column: Int) -> UInt8 {
            let raised = inverse.isFinite ? x[column] * inverse + 8.5 : 8
            return raised.isFinite ? UInt8(max(0, min(15, raised))) : 8
        }
        for column in 0..<PackedMatrix.blockColumns / 2 {
            let pair = quant(column) | quant(column + PackedMatrix.blockColumns / 2) << 4
            out.storeBytes(of: pair, toByteOffset: 2 + column, as: UInt8.self)
        }
    }

    /// The number of largest magnitude in a block; the first that is not finite where there is one.
    private static func largest(_ x: UnsafePointer<Float>) -> Float {
        var largest: Float = 0
        for column in 0..<PackedMatrix.blockColumns {
            guard x[column].isFinite else { return x[column] }
            if abs(x[column]) > abs(largest) { largest = x[column] }
        }
        return largest
    }

    /// Rounds to the nearest half, ties to even; beyond the range it becomes infinite. Swift's `Float16` does not exist on
    /// every platform this builds for.
    static func halfBits(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.magnitude
        if value.isNaN { return sign | 0x7e00 }
        if magnitude >= 65520 { return sign | 0x7c00 }
        if magnitude < 0x1p-14 {
            // Subnormal halves are multiples of 2^-24.
            return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
        }
        let raised = magnitude.bitPattern &- (112 << 23)
        let rounded = raised &+ 0xfff &+ (raised >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: rounded >> 13)
    }

    /// Rounds to the nearest brain float, ties to even.
    private static func brainBits(_ value: Float) -> UInt16 {
        if value.isNaN { return 0x7fc0 }
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
}
