import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport
import Testing

/// Rows that are rounded as they are packed.
@Suite("Rounding at load")
struct RowEncoderTests {
    private static func tensor(_ values: [Float], columns: Int) throws -> StoredTensor {
        let bytes = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        let file = try GGUFFile(
            GGUFWriter(tensors: [
                .init(
                    name: "w", type: 0, shape: [UInt64(columns), UInt64(values.count / columns)], data: bytes)
            ]))
        return file.tensors[0]
    }

    @Test(
        "Eight bits: the largest magnitude of 32 columns / 127 is the scale, and no weight is off by more than half of it"
    )
    func eightBits() throws {
        var random = SeededGenerator(seed: 60)
        let (rows, columns) = (37, 96)
        var values = random.floats(rows * columns)
        for column in 0..<32 { values[column] = 0 }
        let matrix = try PackedMatrix(
            packing: MatrixSource(Self.tensor(values, columns: columns), quantised: .q8_0), team: WorkerTeam(workers: 2)
        )
        #expect(matrix.type == .q8_0)
        for row in 0..<rows {
            let found = matrix.row(row)
            for block in 0..<columns / 32 {
                let range = row * columns + block * 32..<row * columns + block * 32 + 32
                let scale = (values[range].map(abs).max() ?? 0) / 127
                for (value, packed) in zip(values[range], found[block * 32..<block * 32 + 32]) {
                    // The scale itself is rounded to a half.
                    #expect(abs(value - packed) <= scale * 0.5 + abs(value) * 0x1p-10)
                }
            }
        }
    }

    @Test("Four bits: the weight of largest magnitude / -8 is the scale, and that weight keeps its value")
    func fourBits() throws {
        var random = SeededGenerator(seed: 61)
        let (rows, columns) = (20, 64)
        let values = random.floats(rows * columns)
        let matrix = try PackedMatrix(
            packing: MatrixSource(Self.tensor(values, columns: columns), quantised: .q4_0), team: WorkerTeam(workers: 1)
        )
        #expect(matrix.type == .q4_0)
        for row in 0..<rows {
            let found = matrix.row(row)
            for block in 0..<columns / 32 {
                let part = Array(values[row * columns + block * 32..<row * columns + block * 32 + 32])
                let largest = part.max { abs($0) < abs($1) } ?? 0
                let step = abs(largest) / 8
                for (value, packed) in zip(part, found[block * 32..<block * 32 + 32]) {
                    // The side of the other sign ends at 7 steps.
                    #expect(
                        abs(value - packed) <= step * (value * largest < 0 ? 1 : 0.5) + abs(value) * 0x1p-10 + step
                            * 0x1p-10)
                    if value == largest { #expect(abs(value - packed) <= abs(value) * 0x1p-10) }
                }
            }
        }
    }

    @Test("Columns that fill no block stay floats, and quantised tensors stay what they are")
    func unsuited() throws {
        var random = SeededGenerator(seed: 62)
        let odd = try Self.tensor(random.floats(40 * 3), columns: 40)
        #expect(try MatrixSource(odd, quantised: .q8_0).type == .f32)
        let file = try GGUFFile(
            GGUFWriter(tensors: [ReferenceMatrix(.q6_K, rows: 2, columns: 256, seed: 1).tensor(named: "w")]))
        #expect(try MatrixSource(file.tensors[0], quantised: .q4_0).type == .q6_K)
    }

    @Test(
        "A weight that is no number is refused, not rounded", arguments: [TensorType.q8_0, .q4_0],
        [Float.nan, .infinity])
    func notFinite(_ type: TensorType, _ value: Float) throws {
        for place in [0, 31, 40, 95] {
            var values = [Float](repeating: 1, count: 96)
            values[place] = value
            let tensor = try Self.tensor(values, columns: 96)
            let error = #expect(throws: TensorError.self) {
                _ = try PackedMatrix(packing: MatrixSource(tensor, quantised: type), team: WorkerTeam(workers: 1))
            }
            #expect(error?.message.contains("'w' has a weight that is infinite or no number") == true)
        }
    }

    @Test("Rows of a part, and of a transposed matrix, are those of the whole")
    func partsAndSides() throws {
        var random = SeededGenerator(seed: 63)
        let (rows, columns) = (50, 24)
        let values = random.floats(rows * columns)
        let tensor = try Self.tensor(values, columns: columns)
        let part = try PackedMatrix(packing: MatrixSource(tensor, rows: 17..<40), team: WorkerTeam(workers: 1))
        #expect(part.rows == 23)
        for row in 0..<23 { #expect(part.row(row) == Array(values[(17 + row) * columns..<(18 + row) * columns])) }
        let side = try PackedMatrix(packing: MatrixSource(tensor.transposed()), team: WorkerTeam(workers: 2))
        #expect(side.rows == columns && side.columns == rows)
        for row in 0..<columns { #expect(side.row(row) == (0..<rows).map { values[$0 * columns + row] }) }
    }
}
