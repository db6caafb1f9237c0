import PinionModelFiles
import PinionTensor
import Testing

@Suite("What widened types cost")
struct WideningTests {
    @Test("Each type that is packed in another format is told once, with the bytes that it has and takes")
    func listed() throws {
        func tensor(_ name: String, _ type: CodedType, rows: Int) -> GGUFWriter.Tensor {
            GGUFWriter.Tensor(
                name: name, type: type.rawValue, shape: [512, UInt64(rows)],
                data: [UInt8](repeating: 0, count: 2 * rows * type.blockBytes))
        }
        let file = try GGUFFile(
            GGUFWriter(tensors: [
                ReferenceMatrix(.q4_K, rows: 16, columns: 256, seed: 1).tensor(named: "exact"),
                tensor("a", .iq3_S, rows: 16), tensor("b", .tq1_0, rows: 20), tensor("c", .iq3_S, rows: 32),
            ]))
        let found = Widening.list(of: file.tensors)
        #expect(found.map(\.type) == ["IQ3_S", "TQ1_0"])
        #expect(found.map(\.matrices) == [2, 1])
        #expect(found.map(\.storedBytes) == [48 * 220, 20 * 108])
        // 16 rows of 256 columns take 2,432 bytes; 20 rows fill two groups of 16.
        #expect(found.map(\.packedBytes) == [3 * 2 * 2432, 2 * 2 * 2432])
        for widening in found {
            let bytes = try file.tensors.filter { $0.type.name == widening.type }.reduce(0) {
                try $0 + PackedMatrix(packing: $1, team: WorkerTeam(workers: 1)).byteCount
            }
            #expect(bytes == widening.packedBytes)
        }
        let text = found.first.map { "\($0)" }
        #expect(text == "IQ3_S: packed as codes of 4 bits, exactly, but wider: 10560 bytes of the file become 14592")
    }
}
