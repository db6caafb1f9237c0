import CPinionKernels
import PinionModelFiles
import PinionTensor
import Testing
import TestSupport

@Suite("Matrix products")
struct MatmulTests {
    /// Of the sum of the products' magnitudes: the rounding of up to 576 additions in single precision.
    static let bound = 1e-5
    static let rowCounts = [1, 5, 16, 17, 33, 100]
    static let tokenCounts = Array(1...9) + [17]
    static let mostTokens = 17

    static func columnCounts(_ type: TensorType) -> [Int] {
        type.blockElements == 256 ? [256, 768] : [32, 96, 160, 576] + (type.blockElements == 1 ? [1, 7, 33] : [])
    }

    @Test(
        "Every variant, shape and number of tokens equals the portable bits and the sum in doubles",
        arguments: TensorType.allCases, ActivationPattern.allCases)
    func products(_ type: TensorType, _ pattern: ActivationPattern) throws {
        var random = SeededGenerator(seed: 20)
        var outliers = 0
        for columns in Self.columnCounts(type) {
            let x = pattern.rows(Self.mostTokens, columns, &random)
            let quantised = type.blockElements > 1
            let rounded = try RoundedActivations(x, columns: columns, quantised: quantised)
            outliers += rounded.outliers
            let portable = try #require(Kernels(named: "portable"))
            let portableActivations = try ActivationRows(x, columns: columns, portable)
            let variants = try Kernels.available.map { ($0, try ActivationRows(x, columns: columns, $0)) }
            for rows in Self.rowCounts {
                let reference = ReferenceMatrix(type, rows: rows, columns: columns, seed: UInt64(rows * columns))
                let matrix = try reference.packed()
                let expected = try matrix.product(portableActivations, tokens: Self.mostTokens, portable)
                let excess = Self.excess(expected, matrix, reference, rounded.values)
                #expect(excess <= 0, "[\(rows), \(columns)]: \(excess) above the bound")
                for (kernels, activations) in variants {
                    for tokens in Self.tokenCounts {
                        let found = try matrix.product(activations, tokens: tokens, kernels)
                        let same = found.bitPatterns == Array(expected[..<found.count]).bitPatterns
                        #expect(same, "\(kernels.name) differs for [\(rows), \(columns)] and \(tokens) tokens")
                    }
                }
            }
        }
        if pattern == .outliers, type.blockElements > 1 { #expect(outliers > 0, "some activations must be outliers") }
    }

    @Test("Several matrices in one pass of any number of workers give the bits of each alone", arguments: 1...3)
    func several(_ workers: Int) throws {
        var random = SeededGenerator(seed: 21)
        let x = ActivationPattern.outliers.rows(5, 96, &random)
        let matrices = try [(TensorType.q4_1, 100), (.q8_0, 33), (.f32, 17), (.q4_0, 1)].map { type, rows in
            try ReferenceMatrix(type, rows: rows, columns: 96, seed: 22).packed()
        }
        for kernels in Kernels.available {
            let team = WorkerTeam(workers: workers)
            let outs = try matrices.map { try AlignedBuffer<Float>(count: 5 * $0.paddedRows) }
            let outputs = zip(matrices, outs).map { MatmulOutput($0, out: $1.pointer, stride: $0.paddedRows) }
            let rows = try ActivationRows(x, columns: 96, kernels)
            kernels.matmul(outputs, rows, tokens: 5, team: team)
            for (matrix, out) in zip(matrices, outs) {
                let alone = try matrix.product(rows, tokens: 5, kernels)
                #expect(Array(UnsafeBufferPointer(start: out.pointer, count: out.count)) == alone)
            }
        }
    }

    @Test(
        "Matrices of one stack, packed together, each give their rows the bits that they give alone",
        arguments: [TensorType.q4_1, .q4_K, .f16], 1...3)
    func parts(_ type: TensorType, _ workers: Int) throws {
        var random = SeededGenerator(seed: 26)
        let (rows, columns, count) = (33, 256, 4)
        let reference = ReferenceMatrix(type, rows: rows * count, columns: columns, seed: 27)
        var tensor = reference.tensor(named: "stack")
        tensor.shape = [UInt64(columns), UInt64(rows), UInt64(count)]
        let stack = try #require(try GGUFFile(GGUFWriter(tensors: [tensor])).tensor(named: "stack"))
        let team = WorkerTeam(workers: workers)
        let sources = try (0..<count).map { try MatrixSource(stack.matrix($0)) }
        let matrices = try PackedMatrix.packing(sources, team: team)
        // Rows of each matrix, from whole tiles on: one, a few, several tiles, none of the third.
        let ranges = [0..<1, 8..<13, 16..<16, 16..<36]
        let x = ActivationPattern.outliers.rows(36, columns, &random)
        for kernels in Kernels.available {
            let activations = try ActivationRows(x, columns: columns, kernels)
            let out = try AlignedBuffer<Float>(count: 36 * matrices[0].paddedRows)
            let parts = zip(matrices, ranges).filter { !$1.isEmpty }.map { matrix, rows in
                MatmulPart(
                    rows: rows,
                    MatmulOutput(
                        matrix, out: out.pointer + rows.lowerBound * matrix.paddedRows, stride: matrix.paddedRows))
            }
            kernels.matmul(parts, activations, team: team)
            for (index, range) in ranges.enumerated() where !range.isEmpty {
                let alone = try PackedMatrix(packing: sources[index], team: team)
                let part = try ActivationRows(
                    Array(x[range.lowerBound * columns..<range.upperBound * columns]), columns: columns, kernels)
                let expected = try alone.product(part, tokens: range.count, kernels)
                let found = UnsafeBufferPointer(
                    start: out.pointer + range.lowerBound * alone.paddedRows, count: expected.count)
                #expect(found.elementsEqual(expected), "\(kernels.name), matrix \(index)")
            }
        }
    }

    @Test("More tokens than the kernels take at once give the bits of few", arguments: [TensorType.q4_1, .q6_K, .f16])
    func manyTokens(_ type: TensorType) throws {
        var random = SeededGenerator(seed: 24)
        let x = ActivationPattern.outliers.rows(300, 256, &random)
        let matrix = try ReferenceMatrix(type, rows: 40, columns: 256, seed: 25).packed()
        for kernels in Kernels.available {
            let all = try matrix.product(ActivationRows(x, columns: 256, kernels), tokens: 300, kernels)
            for first in stride(from: 0, to: 300, by: 8) {
                let count = min(8, 300 - first)
                let part = try ActivationRows(Array(x[first * 256..<(first + count) * 256]), columns: 256, kernels)
                let found = try matrix.product(part, tokens: count, kernels)
                let width = matrix.paddedRows
                #expect(found.elementsEqual(all[first * width..<(first + count) * width]), "\(kernels.name), \(first)")
                // And alone, among no other token's outliers.
                let alone = try ActivationRows(Array(x[first * 256..<(first + 1) * 256]), columns: 256, kernels)
                let single = try matrix.product(alone, tokens: 1, kernels)
                #expect(
                    single.elementsEqual(all[first * width..<(first + 1) * width]), "\(kernels.name), \(first) alone")
            }
        }
    }

    @Test("Eight tokens with as many outliers as can be, all in other columns, have room", arguments: [64, 576, 1152])
    func mostOutliers(_ columns: Int) throws {
        let each = columns / 36
        for kernels in Kernels.available {
            var x = [Float](repeating: 0, count: 8 * columns)
            for token in 0..<8 {
                for i in 0..<each { x[token * columns + (i * 8 + token) % columns] = i % 2 == 0 ? 3 : -3 }
            }
            let rows = try ActivationRows(x, columns: columns, kernels)
            let outliers = (0..<8).reduce(0) { sum, t in sum + (0..<columns).count { rows.outlier(t, $0) != nil } }
            #expect(outliers == 8 * each)
            #expect((0..<8 * columns).allSatisfy { rows.rounded($0 / columns, $0 % columns) == Double(x[$0]) })
        }
    }

    @Test(
        "A token with NaN or infinity has no finite output, and the tokens beside it keep their bits",
        arguments: TensorType.allCases, [Float.nan, .infinity, -.infinity])
    func notFinite(_ type: TensorType, _ value: Float) throws {
        var random = SeededGenerator(seed: 26)
        let (tokens, columns, rows) = (11, 256, 40)
        // Tokens 0, 2, 4 ... have outliers, whose columns the others share with a 0.
        let x = ActivationPattern.outliers.rows(tokens, columns, &random)
        let reference = ReferenceMatrix(type, rows: rows, columns: columns, seed: 27)
        let matrix = try reference.packed()
        for kernels in Kernels.available {
            let sound = try matrix.product(ActivationRows(x, columns: columns, kernels), tokens: tokens, kernels)
            for (token, column) in [(0, 255), (3, 100), (4, 20), (10, 31)] {
                var damaged = x
                damaged[token * columns + column] = value
                let found = try matrix.product(
                    ActivationRows(damaged, columns: columns, kernels), tokens: tokens, kernels)
                let width = matrix.paddedRows
                for other in 0..<tokens where other != token {
                    let place = other * width..<(other + 1) * width
                    #expect(found[place].elementsEqual(sound[place]), "\(kernels.name): \(token) reaches \(other)")
                }
                let finite = found[token * width..<token * width + rows].count { $0.isFinite }
                #expect(finite == 0, "\(kernels.name): \(finite) numbers of token \(token)")
            }
        }
    }

    @Test("A product for no tokens writes nothing")
    func noTokens() throws {
        let matrix = try ReferenceMatrix(.f32, rows: 3, columns: 4, seed: 23).packed()
        let out = try AlignedBuffer<Float>(count: 16)
        out.pointer.update(repeating: 7, count: 16)
        let rows = try ActivationRows(capacity: 1, columns: 4)
        try Kernels.forThisMachine().matmul(
            [MatmulOutput(matrix, out: out.pointer, stride: 16)], rows, tokens: 0, team: WorkerTeam(workers: 2))
        #expect((0..<16).allSatisfy { out.pointer[$0] == 7 })
    }

    /// By how much the worst output passes its bound; padding that is not 0 passes every bound.
    private static func excess(
        _ out: [Float], _ matrix: PackedMatrix, _ reference: ReferenceMatrix, _ x: [Double]
    ) -> Double {
        let columns = reference.columns
        var worst = -Double.infinity
        for token in 0..<mostTokens {
            for row in 0..<matrix.paddedRows {
                let found = out[token * matrix.paddedRows + row]
                guard row < reference.rows else {
                    if found != 0 { return .infinity }
                    continue
                }
                var (sum, magnitude) = (0.0, 0.0)
                for c in 0..<columns {
                    sum += reference.values[row * columns + c] * x[token * columns + c]
                    magnitude += reference.magnitudes[row * columns + c] * abs(x[token * columns + c])
                }
                let excess = abs(Double(found) - sum) - bound * magnitude
                if excess.isNaN { return .infinity }
                worst = max(worst, excess)
            }
        }
        return worst
    }
}

/// Kinds of activations that take different paths through the kernels.
enum ActivationPattern: CaseIterable {
    case bell, outliers, zeroBlocks, tiny, huge

    /// [tokens, columns]
    func rows(_ tokens: Int, _ columns: Int, _ random: inout SeededGenerator) -> [Float] {
        var x = random.floats(tokens * columns, times: self == .tiny ? 1e-30 : self == .huge ? 1e30 : 1)
        for token in 0..<tokens {
            let first = token * columns
            // Every second token has an outlier, so that tokens with and without meet in one tile.
            if self == .outliers, token % 2 == 0 { x[first + token * 5 % columns] = 150 }
            if self == .zeroBlocks {
                for c in 0..<min(32, columns) { x[first + (c + token * 32) % columns] = 0 }
            }
        }
        return x
    }
}

/// Activations as the kernels see them: the floats themselves, or what `quantise` makes of them.
struct RoundedActivations {
    let values: [Double]
    let outliers: Int

    init(_ x: [Float], columns: Int, quantised: Bool) throws {
        guard quantised else {
            (values, outliers) = (x.map(Double.init), 0)
            return
        }
        let portable = try #require(Kernels(named: "portable"))
        let rows = try ActivationRows(x, columns: columns, portable)
        values = (0..<rows.capacity).flatMap { token in (0..<columns).map { rows.rounded(token, $0) } }
        outliers = (0..<rows.capacity).reduce(0) { sum, token in
            sum + (0..<columns).count { rows.outlier(token, $0) != nil }
        }
    }
}

extension ActivationRows {
    /// Copies [tokens, columns] floats and rounds them where the width allows it.
    convenience init(_ x: [Float], columns: Int, _ kernels: Kernels) throws {
        try self.init(capacity: x.count / columns, columns: columns)
        floats.update(from: x, count: x.count)
        guard columns % 32 == 0 else { return }
        quantise(0..<capacity, with: kernels)
    }
}

extension PackedMatrix {
    /// [tokens, paddedRows] over a buffer that held something else before.
    func product(_ x: ActivationRows, tokens: Int, _ kernels: Kernels) throws -> [Float] {
        let out = try AlignedBuffer<Float>(count: tokens * paddedRows)
        out.pointer.update(repeating: 7, count: out.count)
        kernels.matmul(
            [MatmulOutput(self, out: out.pointer, stride: paddedRows)], x, tokens: tokens,
            team: WorkerTeam(workers: 1))
        return Array(UnsafeBufferPointer(start: out.pointer, count: out.count))
    }
}

extension ReferenceMatrix {
    /// Through a file, as a model would have it.
    func packed(workers: Int = 1) throws -> PackedMatrix {
        let file = try GGUFFile(GGUFWriter(tensors: [tensor(named: "weight")]))
        let tensor = try #require(file.tensor(named: "weight"))
        return try PackedMatrix(packing: tensor, team: WorkerTeam(workers: workers))
    }
}

extension ActivationRows {
    /// What the rounded form says column `column` of a token is.
    func rounded(_ token: Int, _ column: Int) -> Double {
        if let outlier = outlier(token, column) { return Double(outlier) }
        let block = column / Int(PN_BLOCK_COLUMNS)
        let place = (token / Self.tileTokens * quantised.blocks + block) * Self.tileTokens + token % Self.tileTokens
        let quant = quantised.quants[place * Int(PN_BLOCK_COLUMNS) + column % Int(PN_BLOCK_COLUMNS)]
        return Double(quantised.scales[place]) * Double(quant)
    }

    /// The activation of a column that is kept as a float; nil where it is rounded.
    func outlier(_ token: Int, _ column: Int) -> Float? {
        let tile = token / Self.tileTokens
        let first = tile * pn_outlier_capacity(columns)
        let places = first..<first + Int(quantised.outliers[tile])
        guard let place = places.first(where: { Int(quantised.outlier_columns[$0]) == column }) else { return nil }
        let value = quantised.outlier_values[place * Self.tileTokens + token % Self.tileTokens]
        return value == 0 ? nil : value
    }
}
