import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport
import Testing

/// Weights rounded for a file, against what others' quantisers make of them
/// (`Tests/Fixtures/scripts/make_quantiser_fixtures.py`).
@Suite("Rounding for a file")
struct QuantiserTests {
    private struct Fixture: Decodable {
        var columns: Int
        /// Little-endian floats, [rows, columns].
        var values: Data
        /// By type, the rows as the `gguf` package rounds them.
        var bytes: [String: Data]
        /// By type, the root mean square of what llama.cpp's quantiser changes in each row.
        var errors: [String: [Float]]

        static func load() throws -> Fixture {
            try JSONDecoder().decode(
                Fixture.self, from: Data(contentsOf: Fixtures.directory.appending(path: "quantisers.json")))
        }

        var floats: [Float] {
            values.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map {
                    Float(
                        bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
                }
            }
        }
    }

    private static let kinds: [TensorType] = [.q4_K, .q5_K, .q6_K, .q5_0, .q5_1]
    /// Of a row's error to the reference's. Both are searches that end near the best scales, on neither side of each other.
    private static let natural: Float = 1.03
    /// The same for the one row with a weight a hundred times the others.
    private static let withOutlier: Float = 1.15
    private static let outlierRow = 10

    private static func tensor(_ values: [Float], columns: Int) throws -> StoredTensor {
        let bytes = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        let shape = [UInt64(columns), UInt64(values.count / columns)]
        return try GGUFFile(GGUFWriter(tensors: [.init(name: "w", type: 0, shape: shape, data: bytes)])).tensors[0]
    }

    private static func encode(
        _ values: [Float], columns: Int, _ type: TensorType, workers: Int = 2, rows: Range<Int>? = nil,
        order: (@Sendable (Int) -> Int)? = nil
    ) throws -> [UInt8] {
        let encoder = try TensorEncoder(tensor(values, columns: columns), as: type, rows: rows, order: order)
        var bytes: [UInt8] = []
        try encoder.forEachPiece(WorkerTeam(workers: workers)) { bytes.append(contentsOf: $0) }
        #expect(bytes.count == encoder.byteCount)
        return bytes
    }

    private static func decode(_ bytes: [UInt8], columns: Int, _ type: TensorType) throws -> [[Float]] {
        let rows = bytes.count / (columns / type.blockElements * type.blockBytes)
        let tensor = GGUFWriter.Tensor(
            name: "w", type: type.rawValue, shape: [UInt64(columns), UInt64(rows)], data: bytes)
        let file = try GGUFFile(GGUFWriter(tensors: [tensor]))
        let matrix = try PackedMatrix(packing: file.tensors[0], team: WorkerTeam(workers: 1))
        return (0..<rows).map { Array(matrix.row($0)) }
    }

    private static func error(_ found: [Float], _ values: some Collection<Float>) -> Float {
        let sum = zip(found, values).reduce(Double(0)) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        return Float((sum / Double(found.count)).squareRoot())
    }

    @Test("No row loses more than by llama.cpp's quantiser", arguments: kinds)
    func errors(_ type: TensorType) throws {
        let fixture = try Fixture.load()
        let values = fixture.floats
        let found = try Self.decode(
            Self.encode(values, columns: fixture.columns, type), columns: fixture.columns, type)
        let reference = try #require(fixture.errors[type.name])
        #expect(found.count == reference.count)
        for (row, weights) in found.enumerated() {
            let own = Self.error(weights, values[row * fixture.columns..<(row + 1) * fixture.columns])
            let factor = row == Self.outlierRow ? Self.withOutlier : Self.natural
            #expect(own <= reference[row] * factor, "row \(row): \(own) against \(reference[row])")
        }
    }

    @Test("Eight and four bits are those of the gguf package, byte for byte", arguments: [TensorType.q8_0, .q4_0])
    func plain(_ type: TensorType) throws {
        let fixture = try Fixture.load()
        let found = try Self.encode(fixture.floats, columns: fixture.columns, type)
        #expect(found == [UInt8](try #require(fixture.bytes[type.name])))
    }

    @Test("No weight of an ordinary block is off by more than a step", arguments: kinds)
    func steps(_ type: TensorType) throws {
        var random = SeededGenerator(seed: 71)
        let values = random.floats(256 * 64)
        let found = try Self.decode(Self.encode(values, columns: 256, type), columns: 256, type).flatMap { $0 }
        let levels: [TensorType: Float] = [.q4_K: 15, .q5_K: 31, .q6_K: 63, .q5_0: 31, .q5_1: 31]
        let range = (values.max() ?? 0) - (values.min() ?? 0)
        let step = range / (levels[type] ?? .infinity)
        #expect(zip(found, values).allSatisfy { abs($0 - $1) <= step })
    }

    @Test("Part of the rows is that part of the whole", arguments: kinds + [.f32, .bf16])
    func part(_ type: TensorType) throws {
        var random = SeededGenerator(seed: 73)
        let values = random.floats(256 * 11)
        let whole = try Self.encode(values, columns: 256, type)
        let rowBytes = whole.count / 11
        let rows: [[UInt8]] = (3..<8).map { Array(whole[$0 * rowBytes..<($0 + 1) * rowBytes]) }
        let part = try Self.encode(values, columns: 256, type, rows: 3..<8)
        #expect(part == Array(rows.joined()))
        let reversed = try Self.encode(values, columns: 256, type, rows: 3..<8, order: { 4 - $0 })
        #expect(reversed == Array(rows.reversed().joined()))
    }

    @Test("Workers and pieces change no byte", arguments: kinds)
    func workers(_ type: TensorType) throws {
        var random = SeededGenerator(seed: 72)
        let values = random.floats(512 * 37)
        let expected = try Self.encode(values, columns: 512, type, workers: 1)
        for workers in [2, 5] {
            #expect(try Self.encode(values, columns: 512, type, workers: workers) == expected)
        }
    }

    @Test("Rows are written in the order that is asked for")
    func order() throws {
        var random = SeededGenerator(seed: 73)
        let values = random.floats(256 * 6)
        let plain = try Self.encode(values, columns: 256, .q6_K)
        let turned = try Self.encode(values, columns: 256, .q6_K) { 5 - $0 }
        let rows = (0..<6).map { plain[$0 * 210..<($0 + 1) * 210] }
        #expect(turned == rows.reversed().flatMap { $0 })
    }

    @Test(
        "A weight that is no number, or beyond what halves hold, is refused with its row",
        arguments: [Float.nan, .infinity, -70_000])
    func refused(_ weight: Float) throws {
        var random = SeededGenerator(seed: 74)
        var values = random.floats(256 * 5)
        values[256 * 3 + 17] = weight
        for type in Self.kinds + [.q8_0, .q4_0, .f16] {
            let error = #expect(throws: TensorError.self) { _ = try Self.encode(values, columns: 256, type) }
            #expect(error?.message.contains("'w' has a weight in row 3") == true, "\(type): \(error?.message ?? "")")
        }
        if weight.isFinite { _ = try Self.encode(values, columns: 256, .bf16) }
    }
}
