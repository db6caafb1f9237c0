import PinionModelFiles
import PinionTensor
import Testing

@Suite("Refusing malformed GGUF files")
struct GGUFMalformedTests {
    /// A small file with a bit of everything.
    static let sound = GGUFWriter(
        metadata: [
            ("general.architecture", .string("llama")), ("llama.block_count", .uint32(2)),
            ("tokens", .array([.string("a"), .string("bc")])), ("scores", .array([.float32(1), .float32(2)])),
            ("nested", .array([.array([.bool(true)])])), ("flag", .bool(true)),
        ],
        tensors: [
            .init(name: "a", type: 0, shape: [4, 2], data: [UInt8](repeating: 1, count: 32)),
            .init(name: "b", type: 8, shape: [32], data: [UInt8](repeating: 2, count: 34)),
        ])

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var code: TensorError.Code
        /// All of these are in the message.
        var expected: [String]

        init(_ name: String, _ expected: [String], code: TensorError.Code = .malformedFile, bytes: [UInt8]) {
            (testDescription, self.bytes, self.code, self.expected) = (name, bytes, code, expected)
        }

        /// The sound file with one change.
        init(
            _ name: String, _ expected: [String], code: TensorError.Code = .malformedFile,
            _ change: (inout GGUFWriter) -> Void
        ) {
            var writer = GGUFMalformedTests.sound
            change(&writer)
            self.init(name, expected, code: code, bytes: writer.bytes)
        }
    }

    static let identity: [Case] = [
        Case(
            "not GGUF", ["is not a GGUF file", "'PK\\x3\\x4'", "expected 'GGUF'"],
            bytes: Array("PK\u{3}\u{4}0000000".utf8)),
        Case("three bytes", ["is not a GGUF file", "'GGU'"], bytes: Array("GGU".utf8)),
        Case("the other order of bytes", ["is not a GGUF file", "'FUGG'"]) { $0.magic = $0.magic.byteSwapped },
        Case("version 1", ["GGUF version 1 is not supported", "expected version 2 or 3"], code: .unsupported) {
            $0.version = 1
        },
        Case("version 4", ["GGUF version 4 is not supported"], code: .unsupported) { $0.version = 4 },
        Case("big-endian", ["big-endian GGUF is not supported", "little-endian"], code: .unsupported) {
            $0.version = UInt32(3).byteSwapped
        },
        Case("no version", ["the file ends inside the version"], bytes: Array("GGUF\u{3}".utf8)),
    ]

    static let counts: [Case] = [
        Case("more tensors than bytes", ["the tensor count says 1000000, more than the"]) {
            $0.tensorCount = 1_000_000
        },
        Case("2^64 - 1 tensors", ["the tensor count says 18446744073709551615"]) { $0.tensorCount = .max },
        Case("2^63 metadata entries", ["the metadata count says 9223372036854775808"]) { $0.metadataCount = 1 << 63 },
        Case(
            "a key beyond the file", ["the length of a metadata key says 99999, more than the 20 bytes"],
            bytes: Array("GGUF".utf8) + [3, 0, 0, 0] + littleEndian(0) + littleEndian(1) + littleEndian(99_999)
                + [UInt8](repeating: 0, count: 20)),
        Case("a string beyond the file", ["the length of the value of 'long' says 5000"]) {
            $0.metadata.append(("long", .raw(type: 8, littleEndian(5000))))
        },
        Case("an array of strings beyond the file", ["the element count of 'list' says 100000"]) {
            $0.metadata.append(("list", .raw(type: 9, [8, 0, 0, 0] + littleEndian(100_000))))
        },
        Case("count times size beyond 64 bits", ["the element count of 'list' says 4611686018427387904"]) {
            $0.metadata.append(("list", .raw(type: 9, [11, 0, 0, 0] + littleEndian(1 << 62))))
        },
        Case("an array of arrays beyond the file", ["the element count of 'list' says 1000"]) {
            $0.metadata.append(("list", .raw(type: 9, [9, 0, 0, 0] + littleEndian(1000))))
        },
    ]

    static let values: [Case] = [
        Case("unknown value type", ["'odd' has unknown value type 13"]) {
            $0.metadata.append(("odd", .raw(type: 13, [0])))
        },
        Case("unknown element type", ["'odd' is an array of unknown element type 77"]) {
            $0.metadata.append(("odd", .raw(type: 9, [77, 0, 0, 0] + littleEndian(1))))
        },
        Case("a boolean of 2", ["'flag2' is a boolean of 2, expected 0 or 1"]) {
            $0.metadata.append(("flag2", .raw(type: 7, [2])))
        },
        Case("a boolean of 2 in an array", ["'flags' is a boolean of 2"]) {
            $0.metadata.append(("flags", .raw(type: 9, [7, 0, 0, 0] + littleEndian(2) + [1, 2])))
        },
        Case("arrays five deep", ["'deep' nests arrays deeper than 4"]) {
            $0.metadata.append(("deep", .array([.array([.array([.array([.array([.uint8(1)])])])])])))
        },
        Case("an element beyond 63 bits", ["an element of 'big' is 18446744073709551615"]) {
            $0.metadata.append(("big", .array([.uint64(.max)])))
        },
        Case("a value that is not UTF-8", ["the value of 'text' is not UTF-8"]) {
            $0.metadata.append(("text", .raw(type: 8, littleEndian(2) + [0xc3, 0x28])))
        },
        Case("an element that is not UTF-8", ["an element of 'texts' is not UTF-8"]) {
            $0.metadata.append(("texts", .raw(type: 9, [8, 0, 0, 0] + littleEndian(1) + littleEndian(1) + [0xff])))
        },
        Case("a key twice", ["metadata key 'flag' occurs twice"]) { $0.metadata.append(("flag", .uint8(1))) },
        Case("control characters in a key", ["a metadata key has control characters"]) {
            $0.metadata.append(("\u{1b}[2J", .uint8(1)))
        },
        Case("an endless key", ["a metadata key is 5000 bytes long, expected at most 1024"]) {
            $0.metadata.append((String(repeating: "k", count: 5000), .uint8(1)))
        },
        Case("alignment 0", ["general.alignment is 0, expected a power of two up to 1048576"]) {
            $0.metadata.append(("general.alignment", .uint32(0)))
        },
        Case("alignment 3", ["general.alignment is 3,"]) { $0.metadata.append(("general.alignment", .uint32(3))) },
        Case("alignment 2^31", ["general.alignment is 2147483648,"]) {
            $0.metadata.append(("general.alignment", .uint32(1 << 31)))
        },
        Case("negative alignment", ["general.alignment is -32,"]) {
            $0.metadata.append(("general.alignment", .int32(-32)))
        },
        Case("alignment as text", ["general.alignment is \"32\","]) {
            $0.metadata.append(("general.alignment", .string("32")))
        },
    ]

    static let tensors: [Case] = [
        Case(
            "NVFP4",
            [
                "tensor 'a' has type NVFP4, expected one of F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, "
                    + "Q6_K, IQ2_XXS, IQ2_XS, IQ3_XXS, IQ1_S, IQ4_NL, IQ3_S, IQ2_S, IQ4_XS, IQ1_M, BF16, TQ1_0, TQ2_0, MXFP4"
            ], code: .unsupported
        ) {
            $0.tensors[0].type = 40
        },
        Case("the number of a format of memory", ["tensor 'a' has type number 4294967295"], code: .unsupported) {
            $0.tensors[0].type = .max
        },
        Case("Q1_0", ["tensor 'a' has type Q1_0, expected one of F32"], code: .unsupported) { $0.tensors[0].type = 41 },
        Case("Q2_0", ["tensor 'a' has type Q2_0, expected one of F32"], code: .unsupported) { $0.tensors[0].type = 42 },
        Case("an unknown type", ["tensor 'b' has type number 4242"], code: .unsupported) { $0.tensors[1].type = 4242 },
        Case("no dimensions", ["tensor 'a' has 0 dimensions, expected 1 to 4"]) { $0.tensors[0].shape = [] },
        Case("five dimensions", ["tensor 'a' has 5 dimensions, expected 1 to 4"]) {
            $0.tensors[0].shape = [1, 1, 1, 1, 1]
        },
        Case("2^32 - 1 dimensions", ["tensor 'a' has 4294967295 dimensions"]) { $0.tensors[0].dimensions = .max },
        Case("a dimension of 0", ["tensor 'a' has a dimension of 0"]) { $0.tensors[0].shape = [4, 0] },
        Case("a dimension of 2^63", ["tensor 'a' has a dimension of 9223372036854775808"]) {
            $0.tensors[0].shape = [1 << 63]
        },
        Case("dimensions that overflow", ["tensor 'a' of shape [4294967296, 4294967296] is larger than any file"]) {
            $0.tensors[0].shape = [1 << 32, 1 << 32]
        },
        Case("bytes that overflow", ["tensor 'a' of shape [4611686018427387904] is larger than any file"]) {
            $0.tensors[0].shape = [1 << 62]
        },
        Case(
            "a row that is no multiple of a block", ["tensor 'b' has rows of 33 elements, not a multiple of Q8_0's 32"]
        ) {
            $0.tensors[1].shape = [33]
        },
        Case("a shape beyond the file", ["is truncated: tensor 'a' needs 4000000 bytes at offset 0"]) {
            $0.tensors[0].shape = [1000, 1000]
        },
        Case("an offset beyond the file", ["is truncated: tensor 'b' needs 34 bytes at offset 1048576"]) {
            $0.tensors[1].offset = 1 << 20
        },
        Case("a misaligned offset", ["tensor 'b' lies at offset 33, not aligned to 32"]) { $0.tensors[1].offset = 33 },
        Case("an offset that overflows", ["is truncated: tensor 'b' needs 34 bytes at offset 9223372036854775776"]) {
            $0.tensors[1].offset = UInt64(Int64.max) - 31
        },
        Case("an offset of 2^64 - 32", ["tensor 'b' lies at offset 18446744073709551584"]) {
            $0.tensors[1].offset = UInt64.max - 31
        },
        Case("a name twice", ["tensor 'a' occurs twice"]) { $0.tensors[1].name = "a" },
        Case("control characters in a name", ["a tensor name has control characters"]) { $0.tensors[1].name = "a\nb" },
        Case("shared bytes", ["tensors 'a' and 'b' overlap"]) { $0.tensors[1].offset = 0 },
    ]

    @Test("The sound file is sound")
    func soundFile() throws {
        let file = try GGUFFile(Self.sound)
        #expect(file.tensors.count == 2 && file.metadata.count == 6)
    }

    @Test(
        "Each defect has a message that names the file, what was found and what was expected",
        arguments: identity + counts + values + tensors)
    func defect(_ sample: Case) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(sample.bytes)
        let error = try #require(throws: TensorError.self) { _ = try GGUFFile(path: path) }
        #expect(error.code == sample.code)
        #expect(error.message.hasPrefix("\(path): "))
        for part in sample.expected { #expect(error.message.contains(part), "\(error.message)") }
    }

    @Test("A file cut anywhere is refused with a message that names it")
    func truncation() throws {
        let folder = try TemporaryFolder()
        let bytes = Self.sound.bytes
        let header = Self.sound.header.count
        for count in 1..<bytes.count {
            let path = try folder.write(Array(bytes[..<count]))
            let error = try #require(throws: TensorError.self, "cut to \(count) bytes") {
                _ = try GGUFFile(path: path)
            }
            #expect(error.code == .malformedFile && error.message.hasPrefix("\(path): "))
            if count > header { #expect(error.message.contains("is truncated: tensor"), "cut to \(count) bytes") }
        }
    }

    @Test("Arrays of a file hold a bounded number of elements together")
    func manyElements() throws {
        let part = [UInt8](repeating: 0, count: 1 << 20)
        let array = GGUFWriter.Value.raw(type: 9, [0, 0, 0, 0] + Self.littleEndian(1 << 20) + part)
        _ = try GGUFFile(GGUFWriter(metadata: [("a", array), ("b", array)]))
        let one = GGUFWriter.Value.array([.uint8(1)])
        let error = try #require(throws: TensorError.self) {
            _ = try GGUFFile(GGUFWriter(metadata: [("a", array), ("b", array), ("c", one)]))
        }
        #expect(error.message.contains("'c' brings the file's arrays to 2097153 elements, expected at most 2097152"))
    }

    @Test("A file has a bounded number of entries, even where its bytes would hold more")
    func manyEntries() throws {
        let room = GGUFWriter.Tensor(
            name: "room", type: 0, shape: [1 << 19], data: [UInt8](repeating: 0, count: 1 << 21))
        for (tensors, metadata, name) in [(70_000, 0, "tensor"), (1, 70_000, "metadata")] as [(UInt64, UInt64, String)]
        {
            let error = try #require(throws: TensorError.self) {
                _ = try GGUFFile(GGUFWriter(tensors: [room], tensorCount: tensors, metadataCount: metadata))
            }
            #expect(error.message.contains("the \(name) count is 70000, expected at most 65536"))
        }
    }

    static func littleEndian(_ value: UInt64) -> [UInt8] {
        var out = ByteWriter()
        out.put(value)
        return out.bytes
    }
}
