import CPinionKernels
import Foundation
import Testing
import TestSupport

@Suite("Row operations")
struct RowOperationTests {
    static let counts = [1, 7, 15, 16, 17, 31, 33, 64, 100, 576, 1000]
    /// Of the result: the rounding of a sum in 16 lanes and of a handful of operations on it.
    static let relativeBound = 2e-6
    /// The exponential is right to two units in the last place.
    static let exponentialBound = 2 * 0x1p-23
    /// Below this exponent the kernels' e^x is 0.
    static let lowestExponent: Float = -87.3

    @Test("RMS norm equals its definition, and the portable bits", arguments: Variant.all)
    func rmsNorm(_ variant: Variant) {
        var random = SeededGenerator(seed: 3)
        for count in Self.counts {
            for magnitude: Float in [1, 1e-15, 1e15] {
                let (x, weight) = (random.floats(count, times: magnitude), random.floats(count))
                var (out, portable) = ([Float](repeating: 7, count: count + 8), [Float](repeating: 7, count: count + 8))
                variant.table.rms_norm(x, weight, count, 1e-5, &out)
                Variant.portable.table.rms_norm(x, weight, count, 1e-5, &portable)
                #expect(out.bitPatterns == portable.bitPatterns)
                #expect(out[count...].allSatisfy { $0 == 7 }, "nothing is written beyond the row")
                let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
                let factor = 1 / (mean + Double(Float(1e-5))).squareRoot()
                let worst = (0..<count).map { c in
                    let expected = Double(x[c]) * factor * Double(weight[c])
                    return abs(Double(out[c]) - expected) - Self.relativeBound * abs(expected)
                }.max()
                #expect((worst ?? 1) <= 0, "\(count) columns times \(magnitude)")
            }
        }
    }

    @Test("Layer norm equals its definition, and the portable bits", arguments: Variant.all)
    func layerNorm(_ variant: Variant) {
        var random = SeededGenerator(seed: 5)
        for count in Self.counts where count > 1 {
            let (x, weight, bias) = (random.floats(count), random.floats(count), random.floats(count))
            var (out, portable) = ([Float](repeating: 7, count: count + 8), [Float](repeating: 7, count: count + 8))
            variant.table.layer_norm(x, weight, bias, count, 1e-5, &out)
            Variant.portable.table.layer_norm(x, weight, bias, count, 1e-5, &portable)
            #expect(out.bitPatterns == portable.bitPatterns)
            #expect(out[count...].allSatisfy { $0 == 7 }, "nothing is written beyond the row")
            let mean = x.reduce(0) { $0 + Double($1) } / Double(count)
            let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
            let factor = 1 / (variance + Double(Float(1e-5))).squareRoot()
            let worst = (0..<count).map { c in
                abs(Double(out[c]) - ((Double(x[c]) - mean) * factor * Double(weight[c]) + Double(bias[c])))
            }.max()
            #expect((worst ?? 1) <= 4e-5, "\(count) columns: \(worst ?? 1)")
        }
    }

    @Test("Of floats only the infinite ones change: to the largest number of their sign", arguments: Variant.all)
    func finite(_ variant: Variant) {
        var random = SeededGenerator(seed: 19)
        let special: [Float] = [
            .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .nan,
            Float(bitPattern: 0xff81_2345), .leastNonzeroMagnitude, -0.0,
        ]
        for count in Self.counts {
            // Any bits, but every third number is a special one.
            let x = (0..<count).map { index in
                index % 3 == 0 ? special[index / 3 % special.count] : Float(bitPattern: UInt32(random.next() >> 32))
            }
            var out = [Float](repeating: 7, count: count + 8)
            variant.table.to_finite(x, count, &out)
            let expected = x.map { $0.isInfinite ? ($0 > 0 ? 1 : -1) * Float.greatestFiniteMagnitude : $0 }
            #expect(Array(out[..<count]).bitPatterns == expected.bitPatterns)
            #expect(out[count...].allSatisfy { $0 == 7 }, "nothing is written beyond the row")
        }
    }

    @Test("Activations equal their definitions, gated and plain, and the portable bits", arguments: Variant.all)
    func activations(_ variant: Variant) {
        var random = SeededGenerator(seed: 6)
        let kinds: [(pn_activation, (Double) -> Double)] = [
            (PN_SILU, { $0 / (1 + exp(-$0)) }), (PN_GELU, { $0 * 0.5 * erfc(-$0 / 2.0.squareRoot()) }),
            (PN_GELU_TANH, { $0 * 0.5 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
        ]
        for (kind, definition) in kinds {
            for count in Self.counts {
                let gate = random.floats(count, times: count % 2 == 0 ? 0.1 : 8), up = random.floats(count)
                for isGated in [true, false] {
                    let zeros = [Float](repeating: 7, count: count + 8)
                    var (out, portable) = (zeros, zeros)
                    variant.table.activate(kind, gate, isGated ? up : nil, count, &out)
                    Variant.portable.table.activate(kind, gate, isGated ? up : nil, count, &portable)
                    #expect(out.bitPatterns == portable.bitPatterns)
                    #expect(out[count...].allSatisfy { $0 == 7 })
                    let worst = (0..<count).map { c in
                        let expected = definition(Double(gate[c])) * (isGated ? Double(up[c]) : 1)
                        return abs(Double(out[c]) - expected) / max(1, abs(Double(gate[c])))
                    }.max()
                    #expect((worst ?? 1) <= 2e-6, "\(kind), \(count) columns: \(worst ?? 1)")
                }
            }
        }
    }

    @Test("A clamped gate equals its definition, keeps NaN, and gives the portable bits", arguments: Variant.all)
    func clampedGate(_ variant: Variant) {
        var random = SeededGenerator(seed: 23)
        for (slope, limit): (Float, Float) in [(1.702, 7), (1, 1.5)] {
            for count in Self.counts {
                let times: Float = count % 2 == 0 ? 0.1 : 9
                let gate = random.floats(count, times: times), up = random.floats(count, times: times)
                let zeros = [Float](repeating: 7, count: count + 8)
                var (out, portable) = (zeros, zeros)
                variant.table.clamped_swiglu(gate, up, count, slope, limit, &out)
                Variant.portable.table.clamped_swiglu(gate, up, count, slope, limit, &portable)
                #expect(out.bitPatterns == portable.bitPatterns)
                #expect(out[count...].allSatisfy { $0 == 7 })
                let worst = (0..<count).map { c in
                    let g = min(Double(gate[c]), Double(limit))
                    let u = max(-Double(limit), min(Double(up[c]), Double(limit)))
                    return abs(Double(out[c]) - g / (1 + exp(-Double(slope) * g)) * (u + 1))
                }.max()
                #expect((worst ?? 1) <= 2e-6 * Double(limit * (limit + 1)), "\(count) columns: \(worst ?? 1)")
                for (x, y) in [(Float.nan, Float(1)), (1, .nan)] {
                    var (gate, up) = (gate, up)
                    (gate[count - 1], up[count - 1]) = (x, y)
                    variant.table.clamped_swiglu(gate, up, count, slope, limit, &out)
                    #expect(out[count - 1].isNaN)
                }
            }
        }
    }

    @Test("A soft cap equals its definition, keeps NaN, and gives the portable bits", arguments: Variant.all)
    func softCap(_ variant: Variant) {
        var random = SeededGenerator(seed: 7)
        for cap: Float in [1, 30, 50] {
            for count in Self.counts {
                let x = random.floats(count, times: cap * (count % 2 == 0 ? 0.01 : 3))
                var (out, portable) = (x, x)
                variant.table.soft_cap(&out, count, cap)
                Variant.portable.table.soft_cap(&portable, count, cap)
                #expect(out.bitPatterns == portable.bitPatterns)
                let worst = zip(x, out).map { abs(Double(cap) * tanh(Double($0) / Double(cap)) - Double($1)) }.max()
                #expect((worst ?? 1) <= Double(cap) * 0x1p-22, "\(worst ?? 1)")
            }
            var values: [Float] = [.nan, 1, .infinity]
            variant.table.soft_cap(&values, 3, cap)
            #expect(values[0].isNaN && values[1].isFinite && values[2].isNaN)
        }
    }

    @Test("SiLU times up equals its definition, and the portable bits", arguments: Variant.all)
    func silu(_ variant: Variant) {
        var random = SeededGenerator(seed: 4)
        for count in Self.counts {
            let gate = random.floats(count, times: count % 2 == 0 ? 3 : 40), up = random.floats(count, times: 10)
            var (out, portable) = ([Float](repeating: 7, count: count + 8), [Float](repeating: 7, count: count + 8))
            variant.table.silu_multiply(gate, up, count, &out)
            Variant.portable.table.silu_multiply(gate, up, count, &portable)
            #expect(out.bitPatterns == portable.bitPatterns)
            #expect(out[count...].allSatisfy { $0 == 7 })
            let worst = (0..<count).map { c in
                let (gate, up) = (Double(gate[c]), Double(up[c]))
                let expected = gate / (1 + exp(-gate)) * up
                // Past e^88 the sigmoid stops shrinking; that is far below anything a sum would notice.
                return abs(Double(out[c]) - expected) - max(Self.relativeBound * abs(expected), 1e-35)
            }.max()
            #expect((worst ?? 1) <= 0, "\(count) columns")
        }
    }

    @Test("SiLU of what lies beyond the exponential's range is finite", arguments: Variant.all)
    func siluExtremes(_ variant: Variant) {
        let gate: [Float] = [-1e30, -1000, -88.5, -0, 0, 88.5, 1000, 1e30]
        var out = [Float](repeating: 7, count: gate.count)
        variant.table.silu_multiply(gate, [Float](repeating: 1, count: gate.count), gate.count, &out)
        #expect(out[1].magnitude < 1e-34 && out[2].magnitude < 1e-34)
        #expect(Array(out[3...]) == [0, 0, 88.5, 1000, 1e30])
        #expect(out[0].isFinite)
    }

    @Test("A sum is the single-precision sum, lane by lane", arguments: Variant.all)
    func add(_ variant: Variant) {
        var random = SeededGenerator(seed: 5)
        for count in Self.counts {
            let x = random.floats(count), y = random.floats(count)
            var out = x + [7, 7, 7]
            variant.table.add(&out, y, count)
            #expect(Array(out[..<count]) == zip(x, y).map { $0 + $1 })
            #expect(Array(out[count...]) == [7, 7, 7])
        }
    }

    @Test("The exponential is within two units in the last place from -87.3 to 88", arguments: Variant.all)
    func exponential(_ variant: Variant) {
        let x = (0...200_000).map { Self.lowestExponent + Float($0) * (175.3 / 200_000) }.filter { $0 <= 88 }
        var (out, portable) = (x, x)
        _ = variant.table.exp_sum(x, x.count, 0, 1, &out)
        _ = Variant.portable.table.exp_sum(x, x.count, 0, 1, &portable)
        #expect(out.bitPatterns == portable.bitPatterns)
        let worst = zip(x, out).map { x, e in abs(Double(e) / exp(Double(x)) - 1) }.max() ?? 1
        #expect(worst <= Self.exponentialBound, "off by \(worst / 0x1p-23) units")
    }

    @Test("The exponential is 0 below its range and of minus infinity", arguments: Variant.all)
    func exponentialOfLittle(_ variant: Variant) {
        let x: [Float] = [-87.31, -88, -1e5, -.infinity] + [Float](repeating: -.infinity, count: 14) + [0]
        var out = x
        #expect(variant.table.exp_sum(x, x.count, 0, 1, &out) == 1)
        #expect(out == [Float](repeating: 0, count: 18) + [1])
    }

    @Test(
        "The sum of exponentials equals its definition, in place too", arguments: Variant.all,
        [1, 0.75, 100] as [Float])
    func exponentialSum(_ variant: Variant, _ factor: Float) {
        var random = SeededGenerator(seed: 6)
        for count in Self.counts + Array(2...14) {
            let x = random.floats(count, times: 5)
            let shift = x.max() ?? 0
            var (out, portable, inPlace) = ([Float](repeating: 7, count: count + 4), x, x)
            let sum = variant.table.exp_sum(x, count, shift, factor, &out)
            let portableSum = Variant.portable.table.exp_sum(x, count, shift, factor, &portable)
            let inPlaceSum = inPlace.withUnsafeMutableBufferPointer { pointer in
                variant.table.exp_sum(pointer.baseAddress, count, shift, factor, pointer.baseAddress)
            }
            #expect([sum].bitPatterns == [portableSum].bitPatterns && inPlaceSum == sum)
            #expect(Array(out[..<count]).bitPatterns == portable.bitPatterns && inPlace == portable)
            #expect(out[count...].allSatisfy { $0 == 7 })
            let expected = x.reduce(0) { $0 + exp(Double($1 - shift) * Double(factor)) }
            #expect(abs(Double(sum) - expected) <= Self.relativeBound * expected)
        }
    }

    @Test("The maximum is found at every position, whatever the others are", arguments: Variant.all)
    func maximum(_ variant: Variant) {
        var random = SeededGenerator(seed: 7)
        for count in 1...50 {
            for position in 0..<count {
                var x = random.floats(count).map { -$0.magnitude - 1 }
                x[position] = -0.5
                #expect(variant.table.maximum(x, count) == -0.5)
                x[position] = .infinity
                #expect(variant.table.maximum(x, count) == .infinity)
            }
            #expect(variant.table.maximum([Float](repeating: -.infinity, count: count), count) == -.infinity)
        }
    }
}
