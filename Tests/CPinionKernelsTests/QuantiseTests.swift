import CPinionKernels
import Testing
import TestSupport

/// A row of activations and what a variant makes of it.
struct QuantisedRow: Equatable {
    var quants: [Int8]
    var fineQuants: [Int8]
    var scales: [Float]
    var sums: [Int32]
    var fineSums: [Int32]
    var scaledSums: [Float]
    var isFine: [UInt8]

    /// What fine quants hold where the kernel did not write them.
    static let untouched: Int8 = 99

    init(_ x: [Float], _ variant: Variant) {
        let blocks = x.count / Int(PN_BLOCK_COLUMNS)
        quants = [Int8](repeating: Self.untouched, count: x.count)
        fineQuants = quants
        scales = [Float](repeating: -1, count: blocks)
        scaledSums = scales
        sums = [Int32](repeating: -1, count: blocks)
        fineSums = sums
        isFine = [UInt8](repeating: 9, count: blocks)
        quants.withUnsafeMutableBufferPointer { quants in
            fineQuants.withUnsafeMutableBufferPointer { fineQuants in
                scales.withUnsafeMutableBufferPointer { scales in
                    sums.withUnsafeMutableBufferPointer { sums in
                        fineSums.withUnsafeMutableBufferPointer { fineSums in
                            scaledSums.withUnsafeMutableBufferPointer { scaledSums in
                                isFine.withUnsafeMutableBufferPointer { isFine in
                                    let row = pn_quantised(
                                        quants: quants.baseAddress, fine_quants: fineQuants.baseAddress,
                                        scales: scales.baseAddress, sums: sums.baseAddress,
                                        fine_sums: fineSums.baseAddress, scaled_sums: scaledSums.baseAddress,
                                        is_fine: isFine.baseAddress)
                                    variant.table.quantise(x, x.count, row)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The activation that column `c` stands for.
    func value(_ c: Int) -> Double {
        let block = c / Int(PN_BLOCK_COLUMNS)
        let fine = isFine[block] == 1 ? Double(fineQuants[c]) / Double(PN_FINE_STEPS) : 0
        return Double(scales[block]) * (Double(quants[c]) + fine)
    }
}

@Suite("Rounding activations to bytes")
struct QuantiseTests {
    static let columns = [32, 64, 96, 160, 576]

    /// Half a step, and what the products in single precision may add to it.
    static let plainBound = 0.5 * 1.0001
    /// Half a fine step: 1 / 508 of a step, of which single precision may add a fiftieth.
    static let fineBound = 1.0 / 508 * 1.02
    static let leastActivation = Double(PN_LEAST_ACTIVATION)

    /// Rows whose squares leave the floats, so that their root mean square is 0 or infinite to the kernels.
    static let extremes: Set = ["1e-30", "1e30", "1e-36", "1e-38", "subnormal", "smallest"]

    static func rows(_ columns: Int) -> [(name: String, x: [Float])] {
        var random = SeededGenerator(seed: UInt64(columns))
        var outliers = random.floats(columns)
        outliers[columns / 3] = 90
        outliers[columns - 1] = -200
        var zeros = random.floats(columns)
        for c in 0..<32 { zeros[c] = 0 }
        var ties = (0..<columns).map { Float($0 % 127) + 0.5 }
        ties[0] = 127
        var steep = random.floats(columns, times: 1e-6)
        steep[5] = 1e6
        return [
            ("bell", random.floats(columns)), ("outliers", outliers), ("a block of zeros", zeros),
            ("all zeros", [Float](repeating: 0, count: columns)),
            ("negative zeros", [Float](repeating: -0, count: columns)),
            ("ties", ties), ("steep", steep), ("constant", [Float](repeating: -3.25, count: columns)),
            ("1e-30", random.floats(columns, times: 1e-30)), ("1e30", random.floats(columns, times: 1e30)),
            ("1e-36", random.floats(columns, times: 1e-36)), ("1e-38", random.floats(columns, times: 1e-38)),
            ("subnormal", random.floats(columns, times: .leastNonzeroMagnitude * 700)),
            ("smallest", (0..<columns).map { $0 % 2 == 0 ? .leastNonzeroMagnitude : 0 }),
        ]
    }

    @Test("Every variant gives the portable one's bits", arguments: Variant.all, columns)
    func parity(_ variant: Variant, _ columns: Int) {
        for (name, x) in Self.rows(columns) {
            let same = QuantisedRow(x, variant) == QuantisedRow(x, .portable)
            #expect(same, "\(name)")
        }
    }

    @Test("Activations are off by half a step at most, half a fine step where a block is fine", arguments: columns)
    func error(_ columns: Int) {
        for (name, x) in Self.rows(columns) {
            let row = QuantisedRow(x, .portable)
            let worst = x.indices.map { c in
                let block = c / 32
                let bound = Double(row.scales[block]) * (row.isFine[block] == 1 ? Self.fineBound : Self.plainBound)
                return abs(Double(x[c]) - row.value(c)) - max(bound, Self.leastActivation)
            }.max()
            #expect((worst ?? 1) <= 0, "\(name)")
        }
    }

    @Test("Sums are those of the quants, which stay within 127 either side", arguments: columns)
    func sums(_ columns: Int) {
        for (name, x) in Self.rows(columns) {
            let row = QuantisedRow(x, .portable)
            #expect(row.quants.allSatisfy { $0 > Int8.min }, "\(name)")
            #expect(row.scales.allSatisfy { $0.isFinite }, "\(name)")
            for block in row.scales.indices {
                let columns = block * 32..<(block + 1) * 32
                #expect(Int(row.sums[block]) == columns.reduce(0) { $0 + Int(row.quants[$1]) }, "\(name)")
                let scaled = columns.reduce(0) { $0 + row.value($1) }
                let magnitude = columns.reduce(0) { $0 + abs(row.value($1)) }
                #expect(
                    abs(Double(row.scaledSums[block]) - scaled) <= 1e-6 * magnitude + Self.leastActivation, "\(name)")
                let fine = Array(row.fineQuants[columns])
                if row.isFine[block] == 1 {
                    #expect(Int(row.fineSums[block]) == fine.reduce(0) { $0 + Int($1) }, "\(name)")
                    #expect(fine.allSatisfy { $0 > Int8.min }, "\(name)")
                } else {
                    #expect(fine.allSatisfy { $0 == QuantisedRow.untouched }, "\(name)")
                }
            }
        }
    }

    @Test("A block is fine when its largest activation exceeds six times the row's root mean square")
    func threshold() {
        var fineBlocks = 0
        for columns in Self.columns {
            for (name, x) in Self.rows(columns) where !Self.extremes.contains(name) {
                let row = QuantisedRow(x, .portable)
                let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(columns)
                for block in row.scales.indices {
                    let largest = x[block * 32..<(block + 1) * 32].map { Double($0.magnitude) }.max() ?? 0
                    let expected = largest > Double(PN_FINE_THRESHOLD) * mean.squareRoot()
                    #expect((row.isFine[block] == 1) == expected, "\(name), \(columns) columns, block \(block)")
                    fineBlocks += Int(row.isFine[block])
                }
            }
        }
        #expect(fineBlocks >= 4, "the rows must reach the fine path")
    }

    @Test("Activations that are no numbers or infinite end in bytes, not in a trap", arguments: Variant.all)
    func notNumbers(_ variant: Variant) {
        for value in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude] {
            var x = [Float](repeating: 1, count: 64)
            x[40] = value
            let row = QuantisedRow(x, variant)
            // The other block does not suffer.
            #expect((0..<32).allSatisfy { abs(row.value($0) - 1) < 0.01 }, "\(value)")
        }
    }
}
