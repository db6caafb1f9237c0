/// Rounds 32 weights to a block of Q5_0 or Q5_1, to which columns fall back that do not fill blocks of 256.
///
/// Bytes of a block: a half for the scale, in Q5_1 a half for the base, 4 bytes of fifth bits by column, and 16 of nibbles:
/// columns 0-15 in the low ones, 16-31 in the high ones.
enum FiveBitQuantiser {
    static let columns = 32
    private static let levels: Float = 31
    private static let zeroPoint: Float = 16

    /// weight = scale * (quant - 16)
    @inline(__always)
    static func encodeSymmetric(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) {
        let half = RowEncoder.halfBits(SymmetricFit(x, parts: 2, levels: zeroPoint).scale)
        out.storeBytes(of: half, as: UInt16.self)
        store(x, out + 2, step: PackedMatrix.float(fromHalf: half), offset: 0, zeroPoint: zeroPoint)
    }

    /// weight = scale * quant + base
    @inline(__always)
    static func encodeAffine(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) {
        let fit = AffineFit(x, levels: levels, isBelowZero: false)
        let (scale, base) = (RowEncoder.halfBits(fit.scale), RowEncoder.halfBits(fit.base))
        out.storeBytes(of: scale, as: UInt16.self)
        out.storeBytes(of: base, toByteOffset: 2, as: UInt16.self)
        store(
            x, out + 4, step: PackedMatrix.float(fromHalf: scale), offset: PackedMatrix.float(fromHalf: base),
            zeroPoint: 0)
    }

    @inline(__always)
    private static func store(
        _ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer, step: Float, offset: Float, zeroPoint: Float
    ) {
        let inverse = step != 0 ? 1 / step : 0
        func quants(_ column: Int) -> SIMD16<UInt8> {
            let values = (WeightLanes(at: x + column) - offset) * (inverse.isFinite ? inverse : 0)
            let rounded = values.quants(from: -zeroPoint, to: levels - zeroPoint) + zeroPoint
            return SIMD16<UInt8>(truncatingIfNeeded: rounded.integers)
        }
        let (low, high) = (quants(0), quants(16))
        var bits: UInt32 = 0
        for column in 0..<16 {
            bits |= UInt32(low[column] >> 4) << UInt32(column) | UInt32(high[column] >> 4) << UInt32(column + 16)
        }
        out.storeBytes(of: bits.littleEndian, as: UInt32.self)
        out.storeBytes(of: low & 15 | (high & 15) &<< 4, toByteOffset: 4, as: SIMD16<UInt8>.self)
    }
}
