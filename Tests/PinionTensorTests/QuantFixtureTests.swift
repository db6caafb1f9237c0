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
        arguments: TensorType.allCases.filter { $0.blockElements > 1 })
    func weights(_ type: TensorType) throws {
        let name = type.name.lowercased()
        let url = Fixtures.directory.appending(path: "quants/\(name).json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        #expect(fixture.type == type.name)
        let tensor = GGUFWriter.Tensor(
            name: "w", type: type.rawValue, shape: [UInt64(fixture.columns), UInt64(fixture.rows)],
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
            let found = matrix.row(row)
            #expect(values.elementsEqual(found), "row \(row)")
        }
    }
}
