import Foundation
import PinionTokenizer
import Testing

@Suite("Tokenizers against reference implementations")
struct TokenizerSetTests {
    static let names = [
        "sentencepiece-bpe", "sentencepiece-unigram", "word-piece", "character-bpe", "added-tokens", "many-steps",
    ]

    private static func files(_ name: String) throws -> TokenizerFiles {
        TokenizerFiles(tokenizer: try TokenizerSet(name).bytes("tokenizer"))
    }

    @Test("A tokenizer.json gives the reference's tokens for 2,000 texts", arguments: names)
    func matchesTokenizers(_ name: String) throws {
        let tokenizer = try Tokenizer(TokenizerDescription(Self.files(name)))
        let differences = try TokenizerSet.differences(tokenizer, TokenizerSet(name).expected().tokenizer)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
    }

    @Test(
        "Metadata gives SentencePiece's tokens for 2,000 texts",
        arguments: ["sentencepiece-bpe", "sentencepiece-unigram"])
    func matchesSentencePiece(_ name: String) throws {
        let set = TokenizerSet(name)
        let tokenizer = try Tokenizer(set.metadata())
        let digests = try #require(try set.expected().metadata)
        let differences = try TokenizerSet.differences(tokenizer, digests, parsingSpecialTokens: false)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
    }

    @Test("Tokens decode to the reference's text, whole and streamed", arguments: names)
    func decodes(_ name: String) throws {
        let tokenizer = try Tokenizer(TokenizerDescription(Self.files(name)))
        let rows = try TokenizerSet(name).expected().decoded
        #expect(rows.count >= 200)
        for row in rows {
            let text = tokenizer.decode(row.ids)
            // The reference makes one U+FFFD of each byte of a run of byte tokens that is not UTF-8 as a whole.
            if !row.text.unicodeScalars.contains("\u{FFFD}") {
                #expect(Array(text.utf8) == Array(row.text.utf8), "\(row.ids) \(row.text.debugDescription)")
            }
            var detokenizer = StreamingDetokenizer(tokenizer)
            var streamed = row.ids.map { detokenizer.append($0) }.joined()
            streamed += detokenizer.finish()
            #expect(Array(streamed.utf8) == Array(text.utf8), "\(row.ids)")
        }
    }

    static let patterns = Result {
        try JSONDecoder().decode(
            [String: String].self, from: Data(contentsOf: TokenizerSet.folder.appending(path: "patterns.json")))
    }

    @Test(
        "Every named pre-tokenizer gives the reference's tokens for 2,000 texts",
        arguments: (try? patterns.get())?.keys.sorted() ?? [])
    func namedPatterns(_ name: String) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: name))
        let digests = try #require(try Self.patterns.get()[name])
        let differences = try TokenizerSet.differences(tokenizer, digests)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
    }

    @Test("There are fixtures for every pattern that was promised")
    func coversPatterns() throws {
        let names = try Self.patterns.get()
        let promised = [
            "gpt-2", "llama-bpe", "qwen2", "qwen35", "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "mpt",
            "starcoder", "refact", "command-r", "smollm", "tekken", "gpt-4o", "olmo", "glm4", "exaone", "lfm2",
        ]
        for name in promised { #expect(names[name] != nil, "\(name)") }
    }
}

@Suite("Real vocabularies against reference implementations", .enabled(if: TokenizerSet.realFolder != nil))
struct RealVocabularyTests {
    private static func set(_ name: String) throws -> TokenizerSet {
        TokenizerSet(name, in: try #require(TokenizerSet.realFolder))
    }

    @Test("A tokenizer.json gives the reference's tokens for 2,000 texts", arguments: TokenizerSet.realNames)
    func tokenizerJSON(_ name: String) throws {
        let set = try Self.set(name)
        let bytes = try set.bytes("tokenizer")
        let clock = ContinuousClock()
        let start = clock.now
        let tokenizer = try Tokenizer(TokenizerDescription(TokenizerFiles(tokenizer: bytes)))
        print("\(name): \(tokenizer.vocabularyCount) tokens of tokenizer.json in \(start.duration(to: clock.now))")
        let expected = try set.expected()
        let differences = try TokenizerSet.differences(tokenizer, expected.tokenizer)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
        for row in expected.decoded where !row.text.unicodeScalars.contains("\u{FFFD}") {
            #expect(Array(tokenizer.decode(row.ids).utf8) == Array(row.text.utf8), "\(row.ids)")
        }
    }

    @Test("Metadata gives the reference's tokens for 2,000 texts", arguments: TokenizerSet.realNames)
    func metadata(_ name: String) throws {
        let set = try Self.set(name)
        let metadata = try set.metadata()
        let clock = ContinuousClock()
        let start = clock.now
        let tokenizer = try Tokenizer(metadata)
        print("\(name): \(tokenizer.vocabularyCount) tokens of metadata in \(start.duration(to: clock.now))")
        let expected = try set.expected()
        let digests = try #require(expected.metadata)
        let differences = try TokenizerSet.differences(
            tokenizer, digests, parsingSpecialTokens: metadata.model != "t5")
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
        for example in expected.examples ?? [] {
            let ids = tokenizer.encode(example.text)
            #expect(ids == example.ids, "\(example.text.debugDescription)")
        }
    }

    @Test("Without added tokens SentencePiece's own tokens come out", arguments: TokenizerSet.realNames)
    func plain(_ name: String) throws {
        let set = try Self.set(name)
        guard let digests = try set.expected().plain else { return }
        var metadata = try set.metadata()
        metadata.types = metadata.types.map { $0 == 4 ? 1 : $0 }
        let tokenizer = try Tokenizer(metadata)
        let differences = try TokenizerSet.differences(tokenizer, digests, parsingSpecialTokens: false)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
    }
}
