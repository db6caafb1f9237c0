import PinionModelFiles
import PinionTensor
import Testing
import TestSupport

@Suite("Reading GGUF files")
struct GGUFReadingTests {
    private static let values: [(key: String, value: GGUFWriter.Value, expected: MetadataValue)] = [
        ("u8", .uint8(255), .unsigned(255)), ("i8", .int8(-128), .signed(-128)),
        ("u16", .uint16(65_535), .unsigned(65_535)), ("i16", .int16(-32_768), .signed(-32_768)),
        ("u32", .uint32(.max), .unsigned(UInt64(UInt32.max))), ("i32", .int32(.min), .signed(Int64(Int32.min))),
        ("u64", .uint64(.max), .unsigned(.max)), ("i64", .int64(.min), .signed(.min)),
        ("f32", .float32(1.5e-5), .float(Double(Float(1.5e-5)))), ("f64", .float64(1e300), .float(1e300)),
        ("yes", .bool(true), .bool(true)), ("no", .bool(false), .bool(false)),
        ("text", .string("naïve 🪶\u{0}\n"), .string("naïve 🪶\u{0}\n")), ("nothing", .string(""), .string("")),
        ("a.u8", .array([.uint8(0), .uint8(255)]), .integers([0, 255])),
        ("a.i8", .array([.int8(-1), .int8(127)]), .integers([-1, 127])),
        ("a.u16", .array([.uint16(65_535)]), .integers([65_535])),
        ("a.i16", .array([.int16(-2)]), .integers([-2])),
        ("a.u32", .array([.uint32(.max)]), .integers([Int64(UInt32.max)])),
        ("a.i32", .array([.int32(.min), .int32(7)]), .integers([Int64(Int32.min), 7])),
        ("a.u64", .array([.uint64(UInt64(Int64.max))]), .integers([.max])),
        ("a.i64", .array([.int64(.min)]), .integers([.min])),
        ("a.f32", .array([.float32(0.25), .float32(-3)]), .floats([0.25, -3])),
        ("a.f64", .array([.float64(0.5)]), .floats([0.5])),
        ("a.bool", .array([.bool(true), .bool(false)]), .bools([true, false])),
        ("a.string", .array([.string("a"), .string(""), .string("Ġthe")]), .strings(["a", "", "Ġthe"])),
        ("a.empty", .emptyArray(type: 8), .strings([])),
        (
            "a.nested", .array([.array([.int32(1), .int32(2)]), .array([.string("x")]), .emptyArray(type: 7)]),
            .nested([.integers([1, 2]), .strings(["x"]), .bools([])])
        ),
        (
            "a.deepest", .array([.array([.array([.array([.uint8(9)])])])]),
            .nested([.nested([.nested([.integers([9])])])])
        ),
    ]

    @Test("Thousands of names of combining marks are read and found in time proportional to their length")
    func hostileNames() throws {
        let count = 1_000
        let slowdown = try HostileText.slowdown(bytes: 1_000) { start in
            let names = (0..<count).map { "\(start)\($0)" }
            let file = try GGUFFile(
                GGUFWriter(
                    metadata: names.map { ($0, .uint8(1)) },
                    tensors: names.map { .init(name: $0, type: 0, shape: [1], data: [0, 0, 0, 0]) }))
            for name in names {
                if file[name] == nil || file.tensor(named: name) == nil { Issue.record("a name is not found") }
            }
        }
        #expect(slowdown < 5)
    }

    @Test("Every kind of metadata comes back as it was written, in order", arguments: [2, 3] as [UInt32])
    func metadata(_ version: UInt32) throws {
        let writer = GGUFWriter(version: version, metadata: Self.values.map { ($0.key, $0.value) })
        let file = try GGUFFile(writer)
        #expect(file.version == version)
        #expect(file.metadata.map(\.key) == Self.values.map(\.key))
        for (key, _, expected) in Self.values { #expect(file[key] == expected, "\(key)") }
        #expect(file["absent"] == nil)
        #expect(file.tensors.isEmpty)
    }

    @Test("Accessors give a value of their kind and nil for any other")
    func accessors() throws {
        let file = try GGUFFile(GGUFWriter(metadata: Self.values.map { ($0.key, $0.value) }))
        #expect(file["u32"]?.int == Int(UInt32.max) && file["i8"]?.int == -128)
        #expect(file["u64"]?.int == nil, "beyond what an Int holds")
        #expect(file["f32"]?.int == nil && file["text"]?.int == nil)
        #expect(file["f64"]?.double == 1e300 && file["i16"]?.double == -32_768)
        #expect(file["yes"]?.bool == true && file["u8"]?.bool == nil)
        #expect(file["nothing"]?.string == "" && file["a.string"]?.string == nil)
        #expect(file["a.string"]?.strings?.count == 3 && file["a.i32"]?.strings == nil)
        #expect(file["a.i32"]?.integers == [Int64(Int32.min), 7] && file["a.f32"]?.integers == nil)
    }

    @Test("Summaries are short and carry no control characters")
    func summaries() throws {
        let long = MetadataValue.string(String(repeating: "x", count: 500) + "\u{1b}[2J")
        #expect(long.summary.count < 80)
        #expect(!MetadataValue.string("\u{1b}[2J\n").summary.unicodeScalars.contains { $0.value < 0x20 })
        #expect(MetadataValue.integers(Array(0..<100)).summary == "[100 integers: 0, 1, 2, 3, 4, 5 ...]")
        #expect(MetadataValue.unsigned(7).summary == "7" && MetadataValue.bools([true]).typeName == "array of booleans")
    }

    @Test("Tensors have their names, types, shapes and bytes", arguments: [1, 8, 32, 64, 4096])
    func tensors(_ alignment: Int) throws {
        var random = SeededGenerator(seed: 60)
        let samples: [(type: TensorType, shape: [UInt64])] = [
            (.f32, [3]), (.f16, [5, 2]), (.bf16, [1, 1, 7]), (.q4_0, [64, 3]), (.q4_1, [32, 2, 2, 2]), (.q8_0, [96]),
        ]
        let tensors = samples.map { type, shape in
            let bytes = Int(shape.reduce(1, *)) / type.blockElements * type.blockBytes
            return GGUFWriter.Tensor(
                name: "t.\(type.name)", type: type.rawValue, shape: shape, data: random.bytes(bytes))
        }
        var writer = GGUFWriter(tensors: tensors, alignment: alignment)
        if alignment != 32 { writer.metadata = [("general.alignment", .uint32(UInt32(alignment)))] }
        let file = try GGUFFile(writer)
        #expect(file.tensors.map(\.name) == tensors.map(\.name))
        for (index, expected) in tensors.enumerated() {
            let tensor = try #require(file.tensor(named: expected.name))
            #expect(tensor.type == .format(samples[index].type))
            #expect(tensor.shape == expected.shape.map(Int.init))
            #expect(tensor.elementCount == Int(expected.shape.reduce(1, *)))
            #expect(tensor.byteCount == expected.data.count)
            #expect(Array(tensor.bytes) == expected.data)
        }
        #expect(file.tensor(named: "t") == nil)
    }

    @Test("Tensors may lie in any order and leave gaps")
    func order() throws {
        let writer = GGUFWriter(tensors: [
            .init(name: "second", type: 0, shape: [2], data: [UInt8](repeating: 1, count: 8), offset: 96),
            .init(name: "first", type: 0, shape: [2], data: [UInt8](repeating: 2, count: 8), offset: 0),
            .init(name: "gap", type: 0, shape: [2], data: [UInt8](repeating: 3, count: 72), offset: 64),
        ])
        let file = try GGUFFile(writer)
        #expect(file.tensors.map(\.name) == ["second", "first", "gap"])
        #expect(file.tensors.map { $0.bytes[0] } == [3, 1, 3])
    }

    @Test("The fixtures are read whole", arguments: ["tiny-llama-f32", "tiny-llama-q4_1"])
    func fixtures(_ name: String) throws {
        let file = try GGUFFile(path: Fixtures.model(name))
        #expect(file["general.architecture"]?.string == "llama")
        #expect(file.tensors.count > 9 * (file["llama.block_count"]?.int ?? .max))
        #expect(file["tokenizer.ggml.tokens"]?.strings?.isEmpty == false)
    }
}
