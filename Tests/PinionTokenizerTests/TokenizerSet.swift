import Foundation
import PinionTokenizer

/// A vocabulary and the reference's tokens, as `make_fixtures.py` of `Fixtures/tokenizers` writes them.
struct TokenizerSet {
    struct Metadata: Decodable {
        var model: String
        var pre: String
        var tokens: [String]
        var types: [Int32]
        var scores: [Float]
        var merges: [String]
        var begin: Int32?
        var end: Int32?
        var unknown: Int32?
        var padding: Int32?
        var separator: Int32?
        var addsBegin: Bool?
        var addsEnd: Bool?
        var addsSpacePrefix: Bool?
        var removesExtraSpaces: Bool?
        var characterMap: String?
        var architecture: String?
    }

    struct Expected: Decodable {
        /// Digests of four bytes for each text, in base 64.
        var tokenizer: String
        var metadata: String?
        /// Without added tokens.
        var plain: String?
        var decoded: [Decoded]
        /// Texts and ids that come with a real vocabulary.
        var examples: [Example]?
    }

    struct Decoded: Decodable {
        var ids: [Int32]
        var text: String

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            ids = try values.decode([Int32].self)
            text = try values.decode(String.self)
        }
    }

    struct Example: Decodable {
        var text: String
        var ids: [Int32]

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            text = try values.decode(String.self)
            ids = try values.decode([Int32].self)
        }
    }

    static let folder = TokenizerFixtures.folder.deletingLastPathComponent().appending(path: "tokenizers")
    /// Where the real vocabularies are, which are too large for the repository.
    static let realFolder = ProcessInfo.processInfo.environment["PINION_TEST_VOCABULARIES"].map {
        URL(filePath: $0)
    }
    static let realNames: [String] = {
        guard let realFolder, let names = try? FileManager.default.contentsOfDirectory(atPath: realFolder.path) else {
            return []
        }
        return names.filter { $0.hasSuffix(".expected.json") }.map { String($0.dropLast(".expected.json".count)) }
            .sorted()
    }()

    static let texts = Result {
        try JSONDecoder().decode([String].self, from: Data(contentsOf: folder.appending(path: "texts.json")))
    }

    let name: String
    let folder: URL

    init(_ name: String, in folder: URL = Self.folder) {
        self.name = name
        self.folder = folder
    }

    func bytes(_ kind: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folder.appending(path: "\(name).\(kind).json")))
    }

    func expected() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(bytes("expected")))
    }

    func metadata() throws -> TokenizerMetadata {
        let values = try JSONDecoder().decode(Metadata.self, from: Data(bytes("metadata")))
        var metadata = TokenizerMetadata(
            model: values.model, preTokenizer: values.pre, tokens: values.tokens.map { Array($0.utf8) },
            types: values.types, merges: values.merges, beginToken: values.begin, endToken: values.end,
            unknownToken: values.unknown, paddingToken: values.padding, addsBeginToken: values.addsBegin)
        metadata.scores = values.scores
        metadata.separatorToken = values.separator
        metadata.addsEndToken = values.addsEnd
        metadata.addsSpacePrefix = values.addsSpacePrefix
        metadata.removesExtraSpaces = values.removesExtraSpaces ?? false
        metadata.architecture = values.architecture
        metadata.characterMap = Array(Data(base64Encoded: values.characterMap ?? "") ?? Data())
        if values.model == "t5", metadata.characterMap.isEmpty { metadata.characterMap = try characterMap() }
        return metadata
    }

    /// The character map in the other file.
    private func characterMap() throws -> [UInt8] {
        struct File: Decodable {
            struct Normalizer: Decodable {
                var normalizers: [Normalizer]?
                var precompiled_charsmap: String?
            }
            var normalizer: Normalizer
        }
        let file = try JSONDecoder().decode(File.self, from: Data(bytes("tokenizer")))
        let text = file.normalizer.normalizers?.lazy.compactMap(\.precompiled_charsmap).first ?? ""
        return Array(Data(base64Encoded: text) ?? Data())
    }

    /// FNV-1a over little-endian ids.
    static func digest(_ ids: [Int32]) -> UInt32 {
        var value: UInt32 = 0x811C_9DC5
        for id in ids {
            for shift in stride(from: 0, to: 32, by: 8) {
                value = (value ^ UInt32(UInt8(truncatingIfNeeded: id >> Int32(shift)))) &* 0x0100_0193
            }
        }
        return value
    }

    static func digests(_ text: String) -> [UInt32] {
        let bytes = Array(Data(base64Encoded: text) ?? Data())
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
        }
    }

    /// The texts whose tokens differ from the reference's.
    static func differences(
        _ tokenizer: Tokenizer, _ digests: String, parsingSpecialTokens: Bool = true
    ) throws -> [String] {
        let expected = Self.digests(digests)
        let texts = try texts.get()
        guard texts.count == expected.count, texts.count >= 2_000 else { return ["\(expected.count) digests"] }
        return zip(texts, expected).compactMap { text, digest in
            let ids = tokenizer.encode(text, parsingSpecialTokens: parsingSpecialTokens)
            return Self.digest(ids) == digest ? nil : "\(text.debugDescription) \(ids)"
        }
    }
}
