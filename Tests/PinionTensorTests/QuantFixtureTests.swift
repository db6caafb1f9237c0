import Foundation
import PinionModelFiles
import PinionTensor
import Testing

/// Rows of raw blocks and what the `gguf` package makes of them (`Tests/Fixtures/scripts/make_quant_fixtures.py`).
@Suite("Quantised formats against an independent reader")
struct QuantFixtureTests {
    private struct Fixture: Decodable {
        var type: String
        var rows: Int
        var columns: Int
        /// Base64, as both are.
        var bytes: Data
        /// Little-endian floats, [rows, columns].
        var values: Data
    }

    @Test(
        "A packed row's weights are exactly those of the file",
        arguments: TensorType.allCases.filter { $0.blockElements > 1 && $0 != .coded })
    func weights(_ type: TensorType) throws {
        try Self.check(type.name, number: type.rawValue)
    }

    @Test(
        "A row of a type that is packed in another format has exactly the file's weights",
        arguments: CodedType.allCases)
    func widened(_ type: CodedType) throws {
        try Self.check(type.name, number: type.rawValue)
    }

    private static func check(_ typeName: String, number: UInt32) throws {
        let name = typeName.lowercased()
        let url = Fixtures.directory.appending(path: "quants/\(name).json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        #expect(fixture.type == typeName)
        let tensor = GGUFWriter.Tensor(
            name: "w", type: number, shape: [UInt64(fixture.columns), UInt64(fixture.rows)],
            data: [UInt8](fixture.bytes))
        let file = try GGUFFile(GGUFWriter(tensors: [tensor]))
        let matrix = try PackedMatrix(
            packing: #require(file.tensor(named: "w")), team: WorkerTeam(workers: 1))
        let expected = fixture.values.withUnsafeBytes { bytes in
            (0..<fixture.rows * fixture.columns).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
            }
        }
        for row in 0..<fixture.rows {
            let values = expected[row * fixture.columns..<(row + 1) * fixture.columns]
            // Compared before: a failure would print every number.
            let areEqual = values.elementsEqual(matrix.row(row))
            #expect(areEqual, "row \(row)")
        }
    }
}
