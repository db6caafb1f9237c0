import CPinionKernels
import Testing
import TestSupport

/// A row of activations and what a variant makes of it, at some token's place among others.
struct QuantisedRow: Equatable {
    var quants: [Int8]
    var scales: [Float]
    var scaledSums: [Float]
    /// Of the first and the last 16 quants of each block, negated.
    var minusSums: [[Int32]]
    var outliers: [Int32: Float]

    static let tile = Int(PN_TILE_TOKENS)
    static let blockColumns = Int(PN_BLOCK_COLUMNS)

    /// What quants hold where the kernel did not write: no finite activation becomes it.
    static let untouched = Int8.min

    /// - Parameters:
    ///   - token: The row's place; from the start of its tile on it stands among tokens that hold `others`.
    ///   - count: Tokens of its tile.
    init(_ x: [Float], _ variant: Variant, token: Int = 0, count: Int = 1, others: [Float] = []) {
        let blocks = x.count / Self.blockColumns
        let capacity = pn_outlier_capacity(x.count)
        let (tile, lane) = (token / Self.tile, token % Self.tile)
        let tokens = (tile + 1) * Self.tile
        let rows = (0..<count).flatMap { $0 == lane ? x : others }
        var allQuants = [Int8](repeating: Self.untouched, count: tokens * x.count)
        var allScales = [Float](repeating: -1, count: tokens * blocks)
        var allScaledSums = allScales
        var allMinusSums = [Int32](repeating: -1, count: tokens * blocks * 2)
        var counts = [Int32](repeating: -1, count: tile + 1)
        var columns = [Int32](repeating: -1, count: (tile + 1) * capacity)
        var values = [Float](repeating: -1, count: (tile + 1) * capacity * Self.tile)
        withUnsafe(&allQuants, &allScales, &allScaledSums) { quants, scales, scaledSums in
            withUnsafe(&allMinusSums, &counts, &columns) { minusSums, counts, columns in
                values.withUnsafeMutableBufferPointer { values in
                    var q = pn_quantised(
                        blocks: blocks, quants: quants, scales: scales, scaled_sums: scaledSums, minus_sums: minusSums,
                        outliers: counts, outlier_columns: columns, outlier_values: values.baseAddress)
                    variant.table.quantise(rows, &q, tile * Self.tile, count)
                }
            }
        }
        func place(_ block: Int) -> Int { (tile * blocks + block) * Self.tile + lane }
        quants = (0..<blocks).flatMap { allQuants[place($0) * Self.blockColumns..<(place($0) + 1) * Self.blockColumns] }
        scales = (0..<blocks).map { allScales[place($0)] }
        scaledSums = (0..<blocks).map { allScaledSums[place($0)] }
        minusSums = (0..<blocks).map { block in
            (0..<2).map { allMinusSums[((tile * blocks + block) * 2 + $0) * Self.tile + lane] }
        }
        let found = (0..<Int(counts[tile])).map { tile * capacity + $0 }
        sharedColumns = found.map { columns[$0] }
        outliers = Dictionary(uniqueKeysWithValues: found.map { (columns[$0], values[$0 * Self.tile + lane]) })
            .filter { $0.value != 0 }
        touched = allQuants.count { $0 != Self.untouched }
    }

    /// Columns in which any token of the tile has an outlier.
    let sharedColumns: [Int32]

    /// Quants that the kernel wrote.
    let touched: Int

    /// The activation that column `c` stands for.
    func value(_ c: Int) -> Double {
        outliers[Int32(c)].map(Double.init) ?? Double(scales[c / Self.blockColumns]) * Double(quants[c])
    }
}

private func withUnsafe<A, B, C>(
    _ a: inout [A], _ b: inout [B], _ c: inout [C],
    _ body: (UnsafeMutablePointer<A>?, UnsafeMutablePointer<B>?, UnsafeMutablePointer<C>?) -> Void
) {
    a.withUnsafeMutableBufferPointer { a in
        b.withUnsafeMutableBufferPointer { b in
            c.withUnsafeMutableBufferPointer { c in body(a.baseAddress, b.baseAddress, c.baseAddress) }
        }
    }
}

@Suite("Rounding activations to bytes")
struct QuantiseTests {
    static let columns = [32, 64, 96, 160, 576]

    /// Half a step, and what the products in single precision may add to it.
    static let stepBound = 0.5 * 1.0001
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

    @Test("Activations are off by half a step at most, outliers not at all", arguments: columns)
    func error(_ columns: Int) {
        for (name, x) in Self.rows(columns) {
            let row = QuantisedRow(x, .portable)
            let worst = x.indices.map { c in
                let bound = row.outliers[Int32(c)] == nil ? Double(row.scales[c / 32]) * Self.stepBound : 0
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
                let halves = [block * 32..<block * 32 + 16, block * 32 + 16..<(block + 1) * 32]
                let expected = halves.map { -$0.reduce(0) { $0 + Int32(row.quants[$1]) } }
                #expect(row.minusSums[block] == expected, "\(name)")
                let sum = -expected.reduce(0, +)
                #expect(row.scaledSums[block] == row.scales[block] * Float(sum), "\(name)")
            }
        }
    }

    @Test("Outliers are the columns that exceed about six times the row's root mean square, and their quants are 0")
    func threshold() {
        var outliers = 0
        for columns in Self.columns {
            for (name, x) in Self.rows(columns) where !Self.extremes.contains(name) {
                let row = QuantisedRow(x, .portable)
                let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(columns)
                let limit = Double(PN_OUTLIER_THRESHOLD) * mean.squareRoot()
                let expected = x.indices.filter { Double(x[$0].magnitude) > limit }
                #expect(row.outliers.keys.sorted() == expected.map(Int32.init), "\(name), \(columns) columns")
                for c in expected {
                    #expect(row.outliers[Int32(c)] == x[c])
                    #expect(row.quants[c] == 0)
                }
                outliers += expected.count
            }
        }
        #expect(outliers >= 4, "the rows must have outliers")
    }

    @Test("As many outliers as can be have room", arguments: [64, 160, 576])
    func mostOutliers(_ columns: Int) {
        // One in 35 columns at the same height, all else 0, is just not an outlier; one fewer is.
        for count in 1...columns / 35 + 2 {
            var x = [Float](repeating: 0, count: columns)
            for i in 0..<count { x[i * 7 % columns] = i % 2 == 0 ? 3 : -3 }
            for variant in Variant.all {
                let row = QuantisedRow(x, variant)
                #expect(row.sharedColumns.count * QuantisedRow.tile <= pn_outlier_capacity(columns))
                #expect((0..<columns).allSatisfy { abs(row.value($0) - Double(x[$0])) < 1e-6 })
            }
        }
    }

    @Test("A token's numbers are its own, whatever tokens share its tile", arguments: Variant.all)
    func places(_ variant: Variant) {
        for others in Self.rows(96).filter({ ["bell", "outliers", "steep", "all zeros"].contains($0.name) }) {
            for (name, x) in Self.rows(96) {
                let alone = QuantisedRow(x, .portable)
                for (token, count) in [(0, 1), (0, 8), (3, 5), (7, 8), (8, 1), (13, 6)] {
                    let row = QuantisedRow(x, variant, token: token, count: count, others: others.x)
                    #expect(row.quants == alone.quants && row.scales == alone.scales, "\(name)")
                    #expect(row.scaledSums == alone.scaledSums && row.minusSums == alone.minusSums, "\(name)")
                    #expect(row.outliers == alone.outliers, "\(name)")
                    #expect(row.touched == 96 * count, "\(name): places of other tokens are written")
                    #expect(
                        row.sharedColumns == row.sharedColumns.sorted()
                            && row.sharedColumns.count <= pn_outlier_capacity(96))
                }
            }
        }
    }

    @Test(
        "A block with NaN or infinity has the scale NaN and nothing else; the row's other blocks, and other tokens, do not suffer",
        arguments: Variant.all)
    func notFinite(_ variant: Variant) {
        var others = [Float](repeating: 1, count: 96)
        others[50] = 90
        for (value, column) in zip([Float.nan, -.nan, .infinity, -.infinity], [32, 40, 50, 63]) {
            var x = [Float](repeating: 1, count: 96)
            x[column] = value
            for (token, count) in [(0, 1), (0, 8), (3, 5), (7, 8)] {
                let row = QuantisedRow(x, variant, token: token, count: count, others: others)
                #expect(row.scales[1].isNaN && row.scaledSums[1].isNaN, "\(value)")
                #expect(row.quants[32..<64].allSatisfy { $0 == 0 } && row.minusSums[1] == [0, 0], "\(value)")
                #expect(row.outliers.isEmpty, "\(value)")
                for c in Array(0..<32) + Array(64..<96) { #expect(abs(row.value(c) - 1) < 0.01, "\(value)") }
                guard count > 1 else { continue }
                let neighbour = token == 0 ? 1 : 0
                let beside = QuantisedRow(others, variant, token: neighbour, count: count, others: x)
                #expect(beside.quants == QuantisedRow(others, .portable).quants, "\(value)")
                #expect(beside.scales == QuantisedRow(others, .portable).scales, "\(value)")
                #expect(beside.outliers == [50: 90], "\(value)")
            }
        }
    }

    @Test("The largest floats are numbers: their block has a finite scale", arguments: Variant.all)
    func largestFloats(_ variant: Variant) {
        var x = [Float](repeating: 1, count: 64)
        x[40] = .greatestFiniteMagnitude
        let row = QuantisedRow(x, variant)
        #expect(row.scales.allSatisfy { $0.isFinite } && row.quants[40] == 127)
        for c in 0..<32 { #expect(abs(row.value(c) - 1) < 0.01) }
    }
}
