/// Rounds 256 weights to a block of Q4_K or Q5_K: 8 parts of 32 columns, each with a scale and a minimum of 6 bits, which
/// share two halves.
///
/// Bytes of a block: the scale of scales and the scale of minima (halves), 12 bytes of both 6-bit numbers, in Q5_K 32
/// bytes of fifth bits, and 128 bytes of nibbles.
struct SuperBlockQuantiser {
    static let columns = 256
    private static let parts = 8
    private static let largestSubscale: Float = 63
    private static let headBytes = 4
    private static let subscaleBytes = 12
    private static let highBytes = 32

    /// Whether quants have a fifth bit.
    let hasHighBits: Bool
    private var levels: Float { hasHighBits ? 31 : 15 }

    /// - Parameters:
    ///   - x: 256 finite weights.
    ///   - out: The block's bytes.
    @inline(__always)
    func encode(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) {
        var scales = SIMD8<Float>.zero
        var minima = SIMD8<Float>.zero
        var largest: (scale: Float, minimum: Float) = (0, 0)
        for part in 0..<Self.parts {
            let fit = AffineFit(x + part * AffineFit.columns, levels: levels, isBelowZero: true)
            (scales[part], minima[part]) = (fit.scale, -fit.base)
            largest = (max(largest.scale, fit.scale), max(largest.minimum, -fit.base))
        }
        let subscales = Self.subscales(scales, largest.scale)
        let subminima = Self.subscales(minima, largest.minimum)
        let first = (largest.scale / Self.largestSubscale, largest.minimum / Self.largestSubscale)
        let shared = refined(x, subscales, subminima, first)
        let halves = (RowEncoder.halfBits(shared.scale), RowEncoder.halfBits(shared.minimum))
        out.storeBytes(of: halves.0, as: UInt16.self)
        out.storeBytes(of: halves.1, toByteOffset: 2, as: UInt16.self)
        Self.store(subscales, subminima, out + Self.headBytes)
        // Weights are rounded to the numbers that a reader will compute, not to those that were wished for.
        let (scale, minimum) = (PackedMatrix.float(fromHalf: halves.0), PackedMatrix.float(fromHalf: halves.1))
        let quants = out + Self.headBytes + Self.subscaleBytes + (hasHighBits ? Self.highBytes : 0)
        let high = out + Self.headBytes + Self.subscaleBytes
        if hasHighBits { high.storeBytes(of: .zero, as: SIMD32<UInt8>.self) }
        for part in 0..<Self.parts {
            let (step, offset) = (scale * subscales[part], minimum * subminima[part])
            let inverse = step > 0 ? 1 / step : 0
            for half in 0..<AffineFit.columns / WeightLanes.scalarCount {
                let column = half * WeightLanes.scalarCount
                let values = WeightLanes(at: x + part * AffineFit.columns + column)
                let rounded = ((values + offset) * (inverse.isFinite ? inverse : 0)).quants(from: 0, to: levels)
                let bytes = SIMD16<UInt8>(truncatingIfNeeded: rounded.integers)
                // Two parts share 32 bytes, the even one in the low nibbles.
                let place = quants + part / 2 * AffineFit.columns + column
                let low = bytes & 15
                let kept = part % 2 == 0 ? low : place.loadUnaligned(as: SIMD16<UInt8>.self) | low &<< 4
                place.storeBytes(of: kept, as: SIMD16<UInt8>.self)
                guard hasHighBits else { continue }
                let fifth = (bytes &>> 4) &<< UInt8(part)
                let gathered = (high + column).loadUnaligned(as: SIMD16<UInt8>.self) | fifth
                (high + column).storeBytes(of: gathered, as: SIMD16<UInt8>.self)
            }
        }
    }

    /// Integers from 0 to 63 whose ratio to each other is that of the numbers.
    @inline(__always)
    private static func subscales(_ numbers: SIMD8<Float>, _ largest: Float) -> SIMD8<Float> {
        let inverse = largest > 0 ? largestSubscale / largest : 0
        guard inverse.isFinite else { return .zero }
        return (numbers * inverse).rounded(.toNearestOrEven)
    }

    /// The shared scales with which the parts, their own numbers rounded, come closest to the weights: weighted least
    /// squares over the whole block, in two unknowns.
    @inline(__always)
    private func refined(
        _ x: UnsafePointer<Float>, _ subscales: SIMD8<Float>, _ subminima: SIMD8<Float>,
        _ first: (scale: Float, minimum: Float)
    ) -> (scale: Float, minimum: Float) {
        var (ss, sm, mm, sx, mx): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
        for part in 0..<Self.parts {
            let start = x + part * AffineFit.columns
            let sums = AffineFit.Moments(start)
            let (step, offset) = (first.scale * subscales[part], first.minimum * subminima[part])
            let inverse = step > 0 ? 1 / step : 0
            var linear = WeightLanes.zero
            var square = WeightLanes.zero
            var cross = WeightLanes.zero
            for half in 0..<AffineFit.columns / WeightLanes.scalarCount {
                let values = WeightLanes(at: start + half * WeightLanes.scalarCount)
                let quants = ((values + offset) * (inverse.isFinite ? inverse : 0)).quants(from: 0, to: levels)
                let weighted = (values.magnitudes + sums.floor) * quants
                linear += weighted
                square += weighted * quants
                cross += weighted * values
            }
            let (s, m) = (subscales[part], subminima[part])
            ss += s * s * square.total
            sm += s * m * linear.total
            mm += m * m * sums.weight
            sx += s * cross.total
            mx += m * sums.weighted
        }
        let determinant = ss * mm - sm * sm
        if determinant > 0 {
            let scale = (sx * mm - sm * mx) / determinant
            let minimum = (sx * sm - ss * mx) / determinant
            if scale > 0, minimum >= 0, scale.isFinite, minimum.isFinite { return (scale, minimum) }
        }
        return first
    }

    /// 8 scales and 8 minima of 6 bits in 12 bytes: of the first four parts each in a byte of its own, of the last four
    /// the low nibbles side by side, and the two high bits on top of the first eight bytes.
    @inline(__always)
    private static func store(_ scales: SIMD8<Float>, _ minima: SIMD8<Float>, _ out: UnsafeMutableRawPointer) {
        for part in 0..<4 {
            let (scale, minimum) = (UInt8(scales[part]), UInt8(minima[part]))
            let (lateScale, lateMinimum) = (UInt8(scales[part + 4]), UInt8(minima[part + 4]))
            out.storeBytes(of: scale | (lateScale >> 4) << 6, toByteOffset: part, as: UInt8.self)
            out.storeBytes(of: minimum | (lateMinimum >> 4) << 6, toByteOffset: part + 4, as: UInt8.self)
            out.storeBytes(of: lateScale & 15 | lateMinimum << 4, toByteOffset: part + 8, as: UInt8.self)
        }
    }
}
