import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport
import Testing

/// Float GGUF files written anew with rounded weights.
@Suite("Quantised GGUF files")
struct QuantisedFileTests {
    private struct Model: Decodable {
        var name: String
        var architecture: String
        var layers: UInt32
        var heads: UInt32
        var cacheHeads: UInt32
        var experts: UInt32
        var columns: [String: UInt64]
        /// By mix, the types of the tensors in the order of their names.
        var types: [String: String]

        static func all() throws -> [Model] {
            try JSONDecoder().decode(
                [Model].self, from: Data(contentsOf: Fixtures.directory.appending(path: "quantisation-mixes.json")))
        }

        func writer() -> GGUFWriter {
            func key(_ name: String) -> String { architecture + "." + name }
            let tensors = columns.keys.sorted().map { name in
                let columns = columns[name] ?? 0
                return GGUFWriter.Tensor(
                    name: name, type: 1, shape: [columns, 1], data: [UInt8](repeating: 0, count: Int(columns) * 2))
            }
            return GGUFWriter(
                metadata: [
                    ("general.architecture", .string(architecture)), (key("block_count"), .uint32(layers)),
                    (key("attention.head_count"), .uint32(heads)),
                    (key("attention.head_count_kv"), .uint32(cacheHeads)), (key("expert_count"), .uint32(experts)),
                ], tensors: tensors)
        }
    }

    private static func floats(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return random.floats(count).flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        }
    }

    private static func matrix(_ name: String, _ shape: [UInt64], seed: UInt64) -> GGUFWriter.Tensor {
        .init(name: name, type: 0, shape: shape, data: floats(Int(shape.reduce(1, *)), seed: seed))
    }

    /// A copy: a tensor's bytes are those of a mapping, which lives as long as the tensor.
    private static func bytes(_ tensor: StoredTensor) -> [UInt8] {
        withExtendedLifetime(tensor) { [UInt8](tensor.bytes) }
    }

    private static func write(_ input: String, _ output: String, _ mix: QuantisationMix, replacing: Bool = false) throws
    {
        try ModelQuantisation(path: input, mix: mix)
            .write(to: output, replacing: replacing, team: WorkerTeam(workers: 2)) { _ in }
    }

    @Test("Every tensor has the type that llama-quantize gives it, in each mix")
    func mixes() throws {
        for model in try Model.all() {
            let folder = try TemporaryFolder()
            let path = try folder.write(model.writer().bytes)
            for (name, types) in model.types {
                let mix = try #require(QuantisationMix(named: name))
                let found = try ModelQuantisation(path: path, mix: mix).tensors
                #expect(found.map(\.name) == model.columns.keys.sorted())
                let words = types.split(separator: " ").map(String.init)
                #expect(found.map { $0.type.name.uppercased() } == words, "\(model.name), \(name)")
            }
        }
    }

    @Test("Metadata are carried over byte for byte, but for the kind of file and what says that it is one of several")
    func metadata() throws {
        let odd: [(key: String, value: GGUFWriter.Value)] = [
            ("general.architecture", .string("llama")), ("general.file_type", .uint32(1)), ("a.byte", .uint8(200)),
            ("a.nested", .array([.array([.int8(-1), .int8(2)]), .array([.int8(3), .int8(4)])])),
            ("a.nan", .float64(.nan)),
            ("split.count", .uint32(1)), ("a.long", .int64(.min)), ("a.empty", .emptyArray(type: 8)),
            ("a.texts", .array([.string(""), .string("e\u{301}\u{0}")])), ("general.alignment", .uint32(64)),
        ]
        let folder = try TemporaryFolder()
        let writer = GGUFWriter(
            metadata: odd, tensors: [Self.matrix("output.weight", [256, 3], seed: 1)], alignment: 64)
        let (input, output) = (try folder.write(writer.bytes, "in.gguf"), folder.path("out.gguf"))
        try Self.write(input, output, .q4_k_m)
        let (before, after) = (try GGUFFile(path: input), try GGUFFile(path: output))
        #expect(after["general.file_type"] == .unsigned(15))
        #expect(after["general.quantization_version"] == .unsigned(2))
        #expect(
            after.metadata.map(\.key) == odd.map(\.key).filter { $0 != "split.count" } + [
                "general.quantization_version"
            ])
        #expect(after.tensors[0].fileRange.lowerBound % 64 == 0)
        let (old, new) = (try Data(contentsOf: URL(filePath: input)), try Data(contentsOf: URL(filePath: output)))
        for (key, value) in odd where key != "general.file_type" && key != "split.count" {
            // After the magic number, the version and the two counts.
            let entry = Data(GGUFWriter(metadata: [(key, value)]).header.dropFirst(24))
            #expect(old.range(of: entry) != nil && new.range(of: entry) != nil, "\(key)")
        }
        #expect(before.metadata.count == odd.count)
    }

    @Test("Vectors, routers, norms and learned positions stay as they are, stacks of matrices are rounded row by row")
    func kinds() throws {
        let tensors = [
            Self.matrix("blk.0.ffn_down_exps.weight", [256, 4, 3], seed: 2),
            Self.matrix("output_norm.weight", [256], seed: 3),
            Self.matrix("blk.0.ffn_gate_inp.weight", [256, 3], seed: 4),
            Self.matrix("position_embd.weight", [256, 3], seed: 5),
            Self.matrix("blk.0.attn_q.bias", [256], seed: 6),
            Self.matrix("blk.0.attn_k_norm.weight", [256, 2], seed: 7),
            Self.matrix("blk.0.odd.weight", [256, 2, 2, 2], seed: 8), Self.matrix("rope_freqs.weight", [16], seed: 9),
        ]
        let folder = try TemporaryFolder()
        let input = try folder.write(GGUFWriter(tensors: tensors).bytes, "in.gguf")
        let output = folder.path("out.gguf")
        try Self.write(input, output, .q6_k)
        let (before, after) = (try GGUFFile(path: input), try GGUFFile(path: output))
        #expect(after.tensors.map(\.name) == tensors.map(\.name))
        for (old, new) in zip(before.tensors, after.tensors).dropFirst() {
            #expect(
                new.type == .format(.f32) && new.shape == old.shape && Self.bytes(new) == Self.bytes(old), "\(new.name)"
            )
        }
        let stack = after.tensors[0]
        #expect(stack.type == .format(.q6_K) && stack.shape == [256, 4, 3] && stack.byteCount == 12 * 210)
        let floats = Self.bytes(before.tensors[0])
        var rows: [UInt8] = []
        for row in 0..<12 {
            let part = [UInt8](floats[row * 1024..<(row + 1) * 1024])
            let single = GGUFWriter.Tensor(name: "w", type: 0, shape: [256, 1], data: part)
            let encoder = try TensorEncoder(GGUFFile(GGUFWriter(tensors: [single])).tensors[0], as: .q6_K)
            try encoder.forEachPiece(WorkerTeam(workers: 1)) { rows.append(contentsOf: $0) }
        }
        #expect(Self.bytes(stack) == rows)
    }

    @Test("A type that is packed in another way is refused by name, too", arguments: CodedType.allCases)
    func coded(_ type: CodedType) throws {
        let folder = try TemporaryFolder()
        let tensor = GGUFWriter.Tensor(
            name: "output.weight", type: type.rawValue, shape: [256, 3],
            data: [UInt8](repeating: 0, count: 3 * type.blockBytes))
        let input = try folder.write(GGUFWriter(tensors: [tensor]).bytes, "in.gguf")
        let error = #expect(throws: ModelError.self) { try Self.write(input, folder.path("out.gguf"), .q8_0) }
        #expect(error?.message.contains("tensor 'output.weight' is \(type.name) already") == true)
    }

    @Test("A matrix that is rounded already is refused by name, unless it is of the very type")
    func rounded() throws {
        let folder = try TemporaryFolder()
        let name = "blk.0.attn_q.weight"
        let writer = GGUFWriter(tensors: [.init(name: name, type: 8, shape: [32, 2], data: [UInt8](0..<68))])
        let (input, output) = (try folder.write(writer.bytes, "in.gguf"), folder.path("out.gguf"))
        let error = #expect(throws: ModelError.self) { _ = try ModelQuantisation(path: input, mix: .q4_0) }
        #expect(error?.message.contains("tensor '\(name)' is Q8_0 already") == true)
        try Self.write(input, output, .q8_0)
        #expect(try Self.bytes(GGUFFile(path: output).tensors[0]) == [UInt8](0..<68))
    }

    @Test(
        "The model that is read, a file that exists and a place without room for one are refused, and nothing is left")
    func places() throws {
        let folder = try TemporaryFolder()
        let bytes = GGUFWriter(tensors: [Self.matrix("output.weight", [256, 3], seed: 1)]).bytes
        let (input, output) = (try folder.write(bytes, "in.gguf"), folder.path("out.gguf"))
        func message(_ path: String, replacing: Bool) -> String {
            #expect(throws: ModelError.self) { try Self.write(input, path, .q8_0, replacing: replacing) }?.message ?? ""
        }
        try FileManager.default.createSymbolicLink(atPath: folder.path("link.gguf"), withDestinationPath: input)
        for path in [input, folder.path("link.gguf")] {
            #expect(message(path, replacing: true).contains("is the model that is read"))
        }
        // What is written at first, beside the output, may be the model, too, or what nobody can write to.
        let part = try folder.write(bytes, "model.gguf.part")
        let error = #expect(throws: ModelError.self) { try Self.write(part, folder.path("model.gguf"), .q8_0) }
        #expect(error?.message.contains("is the model that is read") == true)
        #expect(try [UInt8](Data(contentsOf: URL(filePath: part))) == bytes)
        try FileManager.default.removeItem(atPath: part)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("led.gguf.part"), withDestinationPath: folder.path("elsewhere"))
        #expect(message(folder.path("led.gguf"), replacing: false).contains("cannot be created"))
        try FileManager.default.removeItem(atPath: folder.path("led.gguf.part"))
        try Self.write(input, output, .f16)
        #expect(message(output, replacing: false).contains("exists; --force replaces it"))
        try Self.write(input, output, .q8_0, replacing: true)
        #expect(try GGUFFile(path: output).tensors[0].type == .format(.q8_0))
        #expect(message(folder.path("missing/out.gguf"), replacing: false).contains("cannot be created"))
        #expect(message(folder.url.path(percentEncoded: false), replacing: true).contains("is no regular file"))
        #expect(try [UInt8](Data(contentsOf: URL(filePath: input))) == bytes)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path(percentEncoded: false))
        #expect(left.sorted() == ["in.gguf", "link.gguf", "out.gguf"])
    }

    @Test("What ends the work leaves neither the file nor a part of it")
    func interrupted() throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        let tensors = (0..<4).map { Self.matrix("blk.\($0).attn_q.weight", [256, 8], seed: $0) }
        let input = try folder.write(GGUFWriter(tensors: tensors).bytes, "in.gguf")
        let output = folder.path("out.gguf")
        let quantisation = try ModelQuantisation(path: input, mix: .q4_k_m)
        for limit in [0, quantisation.outputBytes / 2, quantisation.outputBytes - 1] {
            #expect(throws: Stop.self) {
                try quantisation.write(to: output, replacing: false, team: WorkerTeam(workers: 1)) { written in
                    #expect(FileManager.default.fileExists(atPath: output + ".part"))
                    if written > limit { throw Stop() }
                }
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.url.path(percentEncoded: false)) == [
                    "in.gguf"
                ])
        }
        // A part that a process left which was killed is written over, one that a process writes is not.
        _ = try folder.write([1, 2, 3], "out.gguf.part")
        try quantisation.write(to: output, replacing: false, team: WorkerTeam(workers: 1)) { written in
            guard written > quantisation.outputBytes / 2 else { return }
            let error = #expect(throws: ModelError.self) { try Self.write(input, output, .q8_0) }
            #expect(error?.message.contains("another process is writing it") == true)
        }
        #expect(try Data(contentsOf: URL(filePath: output)).count == quantisation.outputBytes)
        #expect(try GGUFFile(path: output).tensors.count == 4)
    }

    @Test("Counts and layers beyond any model's choose some type, and end nothing")
    func hostile() throws {
        let folder = try TemporaryFolder()
        let names = [
            "blk.9223372036854775807.attn_v.weight", "blk.-9223372036854775808.ffn_down.weight",
            "blk.99999999999999999999.attn_v.weight", "blk..weight", "blk.1.weight", ".weight", "output.weight.weight",
        ]
        let tensors = names.map { Self.matrix($0, [256, 2], seed: 1) }
        for count in [GGUFWriter.Value.uint64(.max), .int64(.min), .uint64(UInt64(Int.max)), .string("8"), .bool(true)]
        {
            let keys = ["block_count", "attention.head_count", "attention.head_count_kv", "expert_count"]
            let metadata: [(key: String, value: GGUFWriter.Value)] =
                [("general.architecture", .string("llama"))] + keys.map { ("llama." + $0, count) }
            let input = try folder.write(GGUFWriter(metadata: metadata, tensors: tensors).bytes, "in.gguf")
            for mix in QuantisationMix.allCases { try Self.write(input, folder.path("out.gguf"), mix, replacing: true) }
            #expect(try GGUFFile(path: folder.path("out.gguf")).tensors.map(\.name) == names)
        }
    }

    @Test("A model in several files becomes one")
    func split() throws {
        let folder = try TemporaryFolder()
        let tensors = (0..<5).map { Self.matrix("blk.\($0).attn_q.weight", [256, 2], seed: $0) }
        for index in 0..<2 {
            var metadata: [(key: String, value: GGUFWriter.Value)] = [
                ("split.no", .uint16(UInt16(index))), ("split.count", .uint16(2)), ("split.tensors.count", .int32(5)),
            ]
            if index == 0 { metadata.insert((key: "general.architecture", value: .string("llama")), at: 0) }
            let part = GGUFWriter(metadata: metadata, tensors: index == 0 ? Array(tensors[..<2]) : Array(tensors[2...]))
            _ = try folder.write(part.bytes, "in-0000\(index + 1)-of-00002.gguf")
        }
        let whole = try folder.write(
            GGUFWriter(metadata: [("general.architecture", .string("llama"))], tensors: tensors).bytes, "whole.gguf")
        try Self.write(folder.path("in-00002-of-00002.gguf"), folder.path("a.gguf"), .q5_k_s)
        try Self.write(whole, folder.path("b.gguf"), .q5_k_s)
        let (found, expected) = (folder.path("a.gguf"), folder.path("b.gguf"))
        #expect(try Data(contentsOf: URL(filePath: found)) == Data(contentsOf: URL(filePath: expected)))
        let error = #expect(throws: ModelError.self) {
            try Self.write(whole, folder.path("in-00001-of-00002.gguf"), .q8_0, replacing: false)
        }
        #expect(error?.message.contains("exists") == true)
    }
}
