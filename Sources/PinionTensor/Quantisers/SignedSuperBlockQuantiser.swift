/// Rounds 256 weights to a block of Q6_K: 16 parts of 16 columns, each with a signed scale of 8 bits, which share a half.
///
/// Bytes of a block: 128 of low nibbles and 64 of pairs of high bits, 16 scales, the half. Quants are stored plus 32. 128
/// columns are 64 bytes of nibbles and 32 bytes of pairs: column 32 k + c of them has its nibble in byte c + 32 (k % 2),
/// the low one for k < 2, and its pair in byte c at bit 2 k.
enum SignedSuperBlockQuantiser {
    static let columns = 256
    private static let partColumns = 16
    private static let levels: Float = 32
    private static let highPlace = 128
    private static let scalePlace = 192
    private static let sharedPlace = 208
    /// The magnitude of the scale of largest magnitude, which takes the negative end of the byte.
    private static let largestSubscale: Float = 128

    /// - Parameters:
    ///   - x: 256 finite weights.
    ///   - out: The block's bytes.
    @inline(__always)
    static func encode(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) {
        var scales = WeightLanes.zero
        var extreme: Float = 0
        for part in 0..<columns / partColumns {
            scales[part] = SymmetricFit(x + part * partColumns, parts: 1, levels: levels).scale
            if scales[part].magnitude > extreme.magnitude { extreme = scales[part] }
        }
        let inverse = -largestSubscale / extreme
        let subscales =
            inverse.isFinite
            ? (scales * inverse).quants(from: -largestSubscale, to: largestSubscale - 1) : WeightLanes.zero
        let half = RowEncoder.halfBits(inverse.isFinite ? 1 / inverse : 0)
        let shared = PackedMatrix.float(fromHalf: half)
        out.storeBytes(of: half, toByteOffset: sharedPlace, as: UInt16.self)
        let bytes = SIMD16<Int8>(truncatingIfNeeded: subscales.integers)
        out.storeBytes(of: bytes, toByteOffset: scalePlace, as: SIMD16<Int8>.self)
        for part in 0..<columns / partColumns {
            let step = shared * subscales[part]
            let inverse = step != 0 ? 1 / step : 0
            let values = WeightLanes(at: x + part * partColumns)
            let rounded = (values * (inverse.isFinite ? inverse : 0)).quants(from: -levels, to: levels - 1) + levels
            let quants = SIMD16<UInt8>(truncatingIfNeeded: rounded.integers)
            // Eight parts are 128 columns; two of them a run of 32.
            let (outer, run, column) = (part / 8, part % 8 / 2, part % 2 * partColumns)
            let low = out + outer * 64 + run % 2 * 32 + column
            let nibbles = quants & 15
            low.storeBytes(
                of: run < 2 ? nibbles : low.loadUnaligned(as: SIMD16<UInt8>.self) | nibbles &<< 4,
                as: SIMD16<UInt8>.self)
            let high = out + highPlace + outer * 32 + column
            let pairs = (quants &>> 4) &<< UInt8(2 * run)
            high.storeBytes(
                of: run == 0 ? pairs : high.loadUnaligned(as: SIMD16<UInt8>.self) | pairs, as: SIMD16<UInt8>.self)
        }
    }
}
