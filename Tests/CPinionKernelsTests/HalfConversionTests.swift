import CPinionKernels
import Foundation
import Testing
import TestSupport

/// The 16-bit numbers by their definition in IEEE 754, in doubles, where every step is exact.
enum ReferenceHalf {
    static let infinity: UInt16 = 0x7c00

    static func value(_ bits: UInt16) -> Double {
        let exponent = Int(bits >> 10) & 0x1f
        let fraction = Double(bits & 0x3ff)
        let magnitude =
            switch exponent {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? Double.infinity : Double.nan
            default: (1 + fraction / 1024) * pow(2, Double(exponent - 15))
            }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    /// Magnitudes by bit pattern; infinity stands where the next finite number would be, as rounding wants it.
    private static let magnitudes = (0..<infinity).map(value) + [65536]

    /// Nearest half, the even one of two equally near.
    static func nearest(_ x: Float) -> UInt16 {
        let sign: UInt16 = x.sign == .minus ? 0x8000 : 0
        let magnitude = Double(x.magnitude)
        guard magnitude < 65536 else { return sign | infinity }
        var (low, high) = (0, Int(infinity))
        while high - low > 1 {
            let middle = (low + high) / 2
            if magnitudes[middle] <= magnitude { low = middle } else { high = middle }
        }
        let (below, above) = (magnitude - magnitudes[low], magnitudes[high] - magnitude)
        let nearest = below == above ? (low % 2 == 0 ? low : high) : below < above ? low : high
        return sign | UInt16(nearest)
    }

    /// The same for what is stored, where the largest number stands for all that is beyond it.
    static func stored(_ x: Float) -> UInt16 {
        let bits = nearest(x)
        return bits & 0x7fff == infinity ? bits - 1 : bits
    }
}

@Suite("Conversion between floats and halves")
struct HalfConversionTests {
    private static func halves(_ x: [Float], _ variant: Variant) -> [UInt16] {
        var out = [UInt16](repeating: 0xdead, count: x.count)
        variant.table.to_half(x, x.count, &out)
        return out
    }

    private static func floats(_ x: [UInt16], _ variant: Variant) -> [Float] {
        var out = [Float](repeating: -1, count: x.count)
        variant.table.from_half(x, x.count, &out)
        return out
    }

    @Test("All 65,536 halves become the floats of their definition and come back", arguments: Variant.all)
    func roundTrip(_ variant: Variant) {
        let all = (0...UInt16.max).map { $0 }
        let floats = Self.floats(all, variant)
        let back = Self.halves(floats, variant)
        var wrong: [UInt16] = []
        for half in all {
            let (float, expected) = (floats[Int(half)], ReferenceHalf.value(half))
            if expected.isNaN {
                // A signalling NaN comes back quiet; sign and payload stay.
                if !float.isNaN || back[Int(half)] != half | 0x200 { wrong.append(half) }
            } else if Double(float) != expected || (float.sign == .minus) != (half & 0x8000 != 0)
                || back[Int(half)] != (expected.isInfinite ? half - 1 : half)
            {
                wrong.append(half)
            }
        }
        #expect(wrong.isEmpty, "first: \(wrong.prefix(3).map { String($0, radix: 16) })")
        #expect(floats.bitPatterns == Self.floats(all, .portable).bitPatterns)
    }

    @Test("Rounding is to the nearest half, ties to even, over the whole range of halves", arguments: Variant.all)
    func rounding(_ variant: Variant) {
        var random = SeededGenerator(seed: 1)
        var samples: [Float] = [0, -0, 65504, 65519.996, 65520, 65535.9, 65536, 1e10, .greatestFiniteMagnitude]
        samples += [
            .leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p-24, 0x1p-25, 0x1.000002p-25, 0x1p-26, .infinity,
        ]
        // Every midpoint between two halves, and its neighbours.
        for half in 0..<ReferenceHalf.infinity - 1 {
            let tie = Float((ReferenceHalf.value(half) + ReferenceHalf.value(half + 1)) / 2)
            samples += [tie.nextDown, tie, tie.nextUp]
        }
        for _ in 0..<20_000 {
            let x = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            if !x.isNaN { samples.append(x) }
        }
        samples += samples.map { -$0 }
        let found = Self.halves(samples, variant)
        let wrong = samples.indices.filter { found[$0] != ReferenceHalf.stored(samples[$0]) }
        #expect(wrong.isEmpty, "first: \(wrong.prefix(3).map { (samples[$0], found[$0]) })")
    }

    @Test("A NaN of floats becomes a quiet NaN of halves with its sign and upper payload", arguments: Variant.all)
    func notANumber(_ variant: Variant) {
        let patterns: [UInt32] = [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0xff80_0001, 0x7fff_ffff, 0x7f81_2345]
        let expected = patterns.map { UInt16($0 >> 31) << 15 | 0x7e00 | UInt16($0 >> 13 & 0x3ff) }
        #expect(Self.halves(patterns.map { Float(bitPattern: $0) }, variant) == expected)
    }

    @Test("Counts that fill no register touch nothing beyond their end", arguments: Variant.all)
    func tails(_ variant: Variant) {
        var random = SeededGenerator(seed: 2)
        for count in 0...40 {
            let x = random.floats(count)
            var halves = [UInt16](repeating: 0xbeef, count: count + 20)
            variant.table.to_half(x, count, &halves)
            #expect(Array(halves[..<count]) == x.map(ReferenceHalf.stored))
            #expect(halves[count...].allSatisfy { $0 == 0xbeef })
            var floats = [Float](repeating: 7, count: count + 20)
            variant.table.from_half(halves, count, &floats)
            #expect(floats[..<count].map(Double.init) == halves[..<count].map(ReferenceHalf.value))
            #expect(floats[count...].allSatisfy { $0 == 7 })
        }
    }
}
