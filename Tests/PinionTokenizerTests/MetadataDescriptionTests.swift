import Foundation
import PinionTokenizer
import Testing

/// Tokenizers of folders, described as GGUF files describe them.
@Suite("Metadata of a folder's tokenizer")
struct MetadataDescriptionTests {
    private static func description(_ set: TokenizerSet) throws -> TokenizerDescription {
        try TokenizerDescription(TokenizerFiles(tokenizer: set.bytes("tokenizer")))
    }

    private static func metadata(_ description: TokenizerDescription) throws -> TokenizerMetadata {
        try TokenizerMetadata(
            describing: description, vocabulary: description.tokens.count + 3, architecture: "llama")
    }

    private static func check(_ set: TokenizerSet, models: [String]) throws {
        let metadata = try metadata(description(set))
        #expect(models.contains(metadata.model), "\(metadata.model)")
        let differences = try TokenizerSet.differences(Tokenizer(metadata), set.expected().tokenizer)
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(4).joined(separator: "\n"))")
    }

    @Test(
        "SentencePiece's pairs give the reference's tokens for 2,000 texts, by scores where scores can say it",
        arguments: [("sentencepiece-bpe", "llama"), ("character-bpe", "gemma4")])
    func pairs(_ name: String, _ model: String) throws {
        try Self.check(TokenizerSet(name), models: [model])
    }

    @Test(
        "Every named pre-tokenizer is found again, or one that cuts alike",
        arguments: ["gpt-2", "llama-bpe", "qwen2", "smollm", "tekken", "deepseek-v3"])
    func names(_ name: String) throws {
        let description = try TokenizerDescription(TokenizerFixtures.description(preTokenizer: name))
        let metadata = try Self.metadata(description)
        #expect(metadata.model == "gpt2" && metadata.preTokenizer == name)
        #expect(metadata.tokens.count == description.tokens.count + 3)
        #expect(metadata.tokens.last == Array("[PAD\(description.tokens.count + 2)]".utf8))
        let read = try TokenizerDescription(metadata)
        #expect(read.preTokenizer == description.preTokenizer && read.model == description.model)
    }

    @Test(
        "What no metadata say is refused with its reason",
        arguments: [
            ("sentencepiece-unigram", "neither byte-level nor SentencePiece pairs"),
            ("word-piece", "it puts other tokens around a text"),
            ("many-steps", "none that GGUF files have a name for"),
        ])
    func refused(_ name: String, _ reason: String) throws {
        let error = #expect(throws: TokenizerError.self) {
            _ = try Self.metadata(Self.description(TokenizerSet(name)))
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(error.map { "\($0)" } ?? "")")
    }

    @Test("An added token that takes the space beside it is refused")
    func spaces() throws {
        var description = try TokenizerDescription(TokenizerFixtures.description(preTokenizer: "qwen2"))
        let place = try #require(description.addedTokens.indices.first)
        description.addedTokens[place].stripsRight = true
        let error = #expect(throws: TokenizerError.self) { _ = try Self.metadata(description) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("lstrip, rstrip or single_word"))
    }

    @Test(
        "Real vocabularies give the reference's tokens", .enabled(if: TokenizerSet.realFolder != nil),
        arguments: ["gpt-2", "llama-bpe", "llama-spm", "qwen2", "starcoder", "gemma-4", "mpt", "refact", "command-r"])
    func real(_ name: String) throws {
        let set = TokenizerSet(name, in: try #require(TokenizerSet.realFolder))
        let isCharacterLevel = name == "llama-spm" || name == "gemma-4"
        try Self.check(set, models: isCharacterLevel ? ["llama", "gemma4"] : ["gpt2"])
    }
}
