/// 16 weights at once: what the fits of scales compute with.
///
/// Only operations that become one or two instructions each are used. The library's `min`, `max` and `rounded` of a
/// vector are loops over its lanes, and took five times as long as the rest of a fit.
typealias WeightLanes = SIMD16<Float>

extension WeightLanes {
    /// Added to a number below 2^22 and taken off again, it leaves the nearest integer, ties to even.
    private static var rounding: Float { 0x1.8p23 }
    private static var magnitudeBits: UInt32 { 0x7fff_ffff }

    @inline(__always)
    init(at weights: UnsafePointer<Float>) {
        self = UnsafeRawPointer(weights).loadUnaligned(as: WeightLanes.self)
    }

    /// The nearest integers within a range.
    @inline(__always)
    func quants(from low: Float, to high: Float) -> WeightLanes {
        let floor = WeightLanes(repeating: low)
        let ceiling = WeightLanes(repeating: high)
        let raised = Self.choose(self .> floor, self, floor)
        let kept = Self.choose(raised .< ceiling, raised, ceiling)
        return (kept + Self.rounding) - Self.rounding
    }

    /// Numbers that ``quants(from:to:)`` gave, as integers. The library's conversion checks lane by lane whether it fits.
    @inline(__always)
    var integers: SIMD16<Int32> {
        let offset = Int32(bitPattern: Self.rounding.bitPattern)
        return unsafeBitCast(self + Self.rounding, to: SIMD16<Int32>.self) &- offset
    }

    @inline(__always)
    var magnitudes: WeightLanes {
        unsafeBitCast(unsafeBitCast(self, to: SIMD16<UInt32>.self) & Self.magnitudeBits, to: WeightLanes.self)
    }

    /// Halves are added until one number is left: fewer steps that wait for each other than from lane to lane.
    @inline(__always)
    var total: Float {
        let eight = lowHalf + highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    @inline(__always)
    private static func choose(
        _ mask: SIMDMask<SIMD16<Int32>>, _ chosen: WeightLanes, _ other: WeightLanes
    ) -> WeightLanes {
        let bits = unsafeBitCast(mask, to: SIMD16<UInt32>.self)
        let result =
            unsafeBitCast(chosen, to: SIMD16<UInt32>.self) & bits
            | unsafeBitCast(other, to: SIMD16<UInt32>.self) & ~bits
        return unsafeBitCast(result, to: WeightLanes.self)
    }
}
