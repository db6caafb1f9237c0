import CPinionKernels
import Testing
import TestSupport

@Suite("Conversion of floats to bytes with a scale for each 32")
struct ByteGroupTests {
    private static let group = Int(PN_BLOCK_COLUMNS)
    private static let largest = 127 * 65504.0
    /// Of half a step: what single-precision multiplication adds to the rounding.
    private static let slack = 1 + 1e-5

    private struct Bytes: Equatable {
        var quants: [Int8]
        var scales: [UInt16]
    }

    private static func bytes(_ x: [Float], _ variant: Variant) -> Bytes {
        let groups = (x.count + group - 1) / group
        var out = Bytes(
            quants: [Int8](repeating: 99, count: x.count + 8), scales: [UInt16](repeating: 0xdead, count: groups + 1))
        variant.table.to_q8(x, x.count, &out.quants, &out.scales)
        #expect(out.quants[x.count...].allSatisfy { $0 == 99 } && out.scales[groups] == 0xdead, "written beyond")
        return Bytes(quants: Array(out.quants[..<x.count]), scales: Array(out.scales[..<groups]))
    }

    /// Numbers whose groups have magnitudes from 2^-30 to beyond what can be held.
    private static func sample(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
        var x = random.floats(count)
        for start in stride(from: 0, to: count, by: group) {
            let factor = Float(sign: .plus, exponent: random.below(56) - 30, significand: 1)
            for index in start..<min(start + group, count) { x[index] *= factor }
        }
        return x
    }

    @Test("Every number is within half a step, and the step is hardly larger than needed", arguments: Variant.all)
    func accuracy(_ variant: Variant) {
        var random = SeededGenerator(seed: 60)
        for count in Array(1...100) + [512] {
            for _ in 0..<10 {
                let x = Self.sample(count, &random)
                let found = Self.bytes(x, variant)
                for (index, scale) in found.scales.enumerated() {
                    let places = index * Self.group..<min((index + 1) * Self.group, count)
                    let step = ReferenceHalf.value(scale)
                    let numbers = places.map { min(max(Double(x[$0]), -Self.largest), Self.largest) }
                    let needed = (numbers.map(abs).max() ?? 0) / 127
                    #expect(step >= needed / Self.slack && step <= needed * (1 + 0x1p-10) + 0x1p-24)
                    for (place, number) in zip(places, numbers) {
                        let error = abs(Double(found.quants[place]) * step - number)
                        #expect(error <= step / 2 * Self.slack, "\(number) with a step of \(step)")
                        #expect(found.quants[place] != -128)
                    }
                }
                #expect(found == Self.bytes(x, .portable))
            }
        }
    }

    @Test("A group's bytes depend on nothing beside it", arguments: Variant.all)
    func neighbours(_ variant: Variant) {
        var random = SeededGenerator(seed: 61)
        let x = Self.sample(150, &random)
        let together = Self.bytes(x, variant)
        for (index, start) in stride(from: 0, to: 150, by: Self.group).enumerated() {
            let places = start..<min(start + Self.group, 150)
            let alone = Self.bytes(Array(x[places]), variant)
            #expect(alone == Bytes(quants: Array(together.quants[places]), scales: [together.scales[index]]))
        }
    }

    @Test("Zeros stay zeros, the infinite becomes the largest, and NaN marks its whole group", arguments: Variant.all)
    func extremes(_ variant: Variant) {
        let zeros = Self.bytes([Float](repeating: -0.0, count: 40), variant)
        #expect(zeros.quants.allSatisfy { $0 == 0 } && zeros.scales == [0, 0])

        var x = [Float](repeating: 1, count: 96)
        x[3] = .infinity
        x[40] = -.greatestFiniteMagnitude
        for (place, count) in [(64, 96), (79, 80), (80, 81), (95, 96)] {
            var y = Array(x[..<count])
            y[place] = .nan
            let found = Self.bytes(y, variant)
            #expect(found.scales == [0x7bff, 0x7bff, UInt16(PN_HALF_NAN)])
            #expect(found.quants[3] == 127 && found.quants[40] == -127)
            #expect(found == Self.bytes(y, .portable))
        }
    }
}
