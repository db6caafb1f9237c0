import PinionModelFiles
import PinionTensor
import Testing
import TestSupport

@Suite("Packed matrices and vectors")
struct PackedMatrixTests {
    /// Of a weight's parts: a product and a sum in single precision.
    static let bound = 0x1p-22

    @Test("A copied row is the file's row by the format's definition", arguments: TensorType.allCases, [1, 16, 17, 50])
    func rows(_ type: TensorType, _ rows: Int) throws {
        for columns in type.blockElements == 1
            ? [1, 7, 33, 96] : type.blockElements == 32 ? [32, 96, 160] : [256, 768]
        {
            let reference = ReferenceMatrix(type, rows: rows, columns: columns, seed: UInt64(rows + columns))
            let matrix = try reference.packed()
            let file = try GGUFFile(GGUFWriter(tensors: [reference.tensor(named: "w")]))
            #expect(try PackedMatrix.byteCount(packing: MatrixSource(file.tensors[0])) == matrix.byteCount)
            #expect(matrix.rows == rows && matrix.columns == columns && matrix.type == type)
            #expect(matrix.paddedRows % 16 == 0 && matrix.paddedRows >= rows && matrix.paddedRows < rows + 16)
            let worst = (0..<rows).flatMap { row in
                let found = matrix.row(row)
                return (0..<columns).map { c in
                    let index = row * columns + c
                    return abs(Double(found[c]) - reference.values[index]) - Self.bound * reference.magnitudes[index]
                }
            }.max()
            #expect((worst ?? 1) <= 0, "\(columns) columns")
        }
    }

    @Test("Floats, halves and brain floats survive packing bit for bit, subnormal ones included")
    func exactBits() throws {
        var random = SeededGenerator(seed: 30)
        for type in [TensorType.f32, .f16, .bf16] {
            var bytes = random.bytes(5 * 48 * type.blockBytes)
            // One bit of each exponent is 0, so that every number is finite.
            for last in stride(from: type.blockBytes - 1, to: bytes.count, by: type.blockBytes) { bytes[last] &= 0xbf }
            // The least subnormal and the largest number of the type.
            let row = 3 * 48 * type.blockBytes
            bytes.replaceSubrange(row..<row + type.blockBytes, with: [1] + [0, 0, 0].prefix(type.blockBytes - 1))
            bytes.replaceSubrange(
                row + type.blockBytes..<row + 2 * type.blockBytes,
                with: type == .f32 ? [0xff, 0xff, 0x7f, 0x7f] : type == .f16 ? [0xff, 0x7b] : [0x7f, 0x7f])
            let file = try GGUFFile(
                GGUFWriter(tensors: [.init(name: "w", type: type.rawValue, shape: [48, 5], data: bytes)]))
            let tensor = try #require(file.tensor(named: "w"))
            let matrix = try PackedMatrix(packing: tensor, team: WorkerTeam(workers: 1))
            let vector = try FloatVector(tensorOf: type, bytes: Array(bytes[row..<row + 48 * type.blockBytes]))
            #expect(matrix.row(3).bitPatterns == vector.values.bitPatterns)
            #expect(vector.values[0] > 0 && vector.values[1].isFinite)
        }
    }

    @Test(
        "A scale or minimum that is not finite is refused",
        arguments: TensorType.allCases.filter { $0.blockElements > 1 && $0 != .mxfp4 },
        [0x7c00, 0xfc00, 0x7e01] as [UInt16])
    func infiniteScale(_ type: TensorType, _ half: UInt16) throws {
        let reference = ReferenceMatrix(type, rows: 3, columns: 256, seed: 34)
        var tensor = reference.tensor(named: "blk.0.thing")
        let places: [TensorType: Int] = [.q6_K: 208, .q3_K: 108, .q2_K: 82]
        let offset = tensor.data.count - reference.storage.blockBytes + places[type, default: 0]
        tensor.data[offset] = UInt8(truncatingIfNeeded: half)
        tensor.data[offset + 1] = UInt8(half >> 8)
        let file = try GGUFFile(GGUFWriter(tensors: [tensor]))
        let error = try #require(throws: TensorError.self) {
            _ = try PackedMatrix(packing: file.tensors[0], team: WorkerTeam(workers: 2))
        }
        #expect(error.code == .malformedFile && error.message.contains("'blk.0.thing'"))
    }

    @Test(
        "A power of two that scales weights beyond the floats is refused", arguments: [252, 253, 254, 255] as [UInt8])
    func hugeExponent(_ exponent: UInt8) throws {
        var tensor = ReferenceMatrix(.mxfp4, rows: 2, columns: 64, seed: 36).tensor(named: "blk.0.thing")
        tensor.data.replaceSubrange(51..<53, with: [exponent, 0x7f])
        let file = try GGUFFile(GGUFWriter(tensors: [tensor]))
        let pack = { try PackedMatrix(packing: file.tensors[0], team: WorkerTeam(workers: 1)) }
        if exponent == 252 {
            // -6 and 6 times 2^(252 - 127), the largest of all.
            let row = try pack().row(1)
            #expect(row[32] == -0x1.8p127 && row[48] == 0x1.8p127)
        } else {
            let error = try #require(throws: TensorError.self) { _ = try pack() }
            #expect(error.code == .malformedFile && error.message.contains("'blk.0.thing' has a scale"))
        }
    }

    @Test(
        "A weight that is not finite is refused, in a matrix and in a vector",
        arguments: [TensorType.f32, .f16, .bf16], [Float.nan, .infinity, -.infinity])
    func weightNotFinite(_ type: TensorType, _ value: Float) throws {
        // The top half of a float is a brain float; a half's exponent is 5 bits.
        let upper = UInt16(value.bitPattern >> 16)
        let half = upper & 0x8000 | 0x7c00 | (value.isNaN ? 0x200 : 0)
        for place in [0, 32 * 17 + 5, 32 * 20 - 1] {
            let reference = ReferenceMatrix(type, rows: 20, columns: 32, seed: 35)
            var matrix = reference.tensor(named: "blk.0.thing")
            let last = (place + 1) * type.blockBytes
            let bits = type == .f16 ? half : upper
            matrix.data[last - 2] = UInt8(truncatingIfNeeded: bits)
            matrix.data[last - 1] = UInt8(bits >> 8)
            let vector = GGUFWriter.Tensor(name: "blk.0.norm", type: type.rawValue, shape: [640], data: matrix.data)
            let file = try GGUFFile(GGUFWriter(tensors: [matrix, vector]))
            let refused = try #require(throws: TensorError.self) {
                _ = try PackedMatrix(packing: file.tensors[0], team: WorkerTeam(workers: 2))
            }
            #expect(refused.code == .malformedFile && refused.message.contains("'blk.0.thing' has a weight"))
            let error = try #require(throws: TensorError.self) { _ = try FloatVector(file.tensors[1]) }
            #expect(error.code == .malformedFile)
            #expect(error.message.contains("'blk.0.norm'") && error.message.contains("element \(place)"))
        }
    }

    @Test("Packing does not depend on the number of workers", arguments: TensorType.allCases)
    func workers(_ type: TensorType) throws {
        let reference = ReferenceMatrix(type, rows: 333, columns: 256, seed: 31)
        let alone = try reference.packed()
        for workers in 2...3 {
            let matrix = try reference.packed(workers: workers)
            #expect(matrix.byteCount == alone.byteCount)
            for row in 0..<333 where matrix.row(row).bitPatterns != alone.row(row).bitPatterns {
                Issue.record("row \(row) differs with \(workers) workers")
            }
        }
    }

    @Test("Only a tensor of two dimensions is a matrix", arguments: [[64], [32, 2, 3], [32, 1, 1, 1]] as [[UInt64]])
    func notAMatrix(_ shape: [UInt64]) throws {
        let count = Int(shape.reduce(1, *))
        let file = try GGUFFile(
            GGUFWriter(tensors: [
                .init(name: "blk.0.thing", type: 0, shape: shape, data: [UInt8](repeating: 0, count: count * 4))
            ]))
        let error = try #require(throws: TensorError.self) {
            _ = try PackedMatrix(packing: file.tensors[0], team: WorkerTeam(workers: 1))
        }
        #expect(error.code == .missing)
        #expect(error.message.contains("'blk.0.thing'") && error.message.contains("\(shape)"))
    }

    @Test("A vector reads every float format", arguments: [TensorType.f32, .f16, .bf16])
    func vector(_ type: TensorType) throws {
        let reference = ReferenceMatrix(type, rows: 1, columns: 77, seed: 32)
        let vector = try FloatVector(tensorOf: type, bytes: reference.bytes)
        #expect(vector.count == 77)
        #expect(vector.values.map(Double.init) == reference.values)
    }

    @Test("A quantised tensor or a matrix is no vector")
    func notAVector() throws {
        for tensor in [
            ReferenceMatrix(.q8_0, rows: 1, columns: 32, seed: 33).vector(named: "v"),
            ReferenceMatrix(.f32, rows: 2, columns: 32, seed: 33).tensor(named: "v"),
        ] {
            let file = try GGUFFile(GGUFWriter(tensors: [tensor]))
            let error = try #require(throws: TensorError.self) { _ = try FloatVector(file.tensors[0]) }
            #expect(error.code == .missing && error.message.contains("'v'"))
        }
    }
}

extension PackedMatrix {
    func row(_ index: Int) -> [Float] {
        var out = [Float](repeating: .nan, count: columns)
        copyRow(index, into: &out)
        return out
    }
}

extension FloatVector {
    convenience init(tensorOf type: TensorType, bytes: [UInt8]) throws {
        let count = UInt64(bytes.count / type.blockBytes)
        let file = try GGUFFile(
            GGUFWriter(tensors: [.init(name: "v", type: type.rawValue, shape: [count], data: bytes)]))
        try self.init(file.tensors[0])
    }
}

extension ReferenceMatrix {
    func vector(named name: String) -> GGUFWriter.Tensor {
        GGUFWriter.Tensor(name: name, type: type.rawValue, shape: [UInt64(rows * columns)], data: bytes)
    }
}
