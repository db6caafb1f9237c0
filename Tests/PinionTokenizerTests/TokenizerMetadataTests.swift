import PinionTokenizer
import Testing
import TestSupport

@Suite("Tokenizer metadata by class")
struct TokenizerMetadataTests {
    /// A vocabulary of scored pairs: `<unk>`, `<s>`, `</s>`, the bytes, and some text.
    static func scored(
        _ texts: [String] = ["▁", "a", "b", "▁a", "ab", "▁ab"], types: [Int32]? = nil
    ) -> TokenizerMetadata {
        let bytes = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
        }
        let tokens = ["<unk>", "<s>", "</s>"] + bytes + texts
        var metadata = TokenizerMetadata(
            model: "llama", tokens: tokens.map { Array($0.utf8) },
            types: [2, 3, 3] + Array(repeating: 6, count: 256) + (types ?? Array(repeating: 1, count: texts.count)),
            merges: [])
        metadata.scores = (0..<tokens.count).map { -Float($0) }
        return metadata
    }

    private static let first: Int32 = 259

    @Test("SentencePiece's class has its own ids for the begin, end and unknown tokens, and begins prompts")
    func defaults() throws {
        let tokenizer = try Tokenizer(Self.scored())
        #expect(tokenizer.beginToken == 1 && tokenizer.endToken == 2 && tokenizer.unknownToken == 0)
        #expect(tokenizer.prefix == [1] && tokenizer.suffix == [] && tokenizer.addsBeginToken)
        var said = Self.scored()
        said.addsBeginToken = false
        said.addsEndToken = true
        #expect(try Tokenizer(said).prefix == [] && Tokenizer(said).suffix == [2])
        for (name, adds) in [("llama-bpe", true), ("tekken", true), ("qwen2", false), ("gpt-2", false)] {
            var pairs = TokenizerInitTests.description()
            pairs.preTokenizer = name
            pairs.beginToken = 3
            #expect(try Tokenizer(pairs).addsBeginToken == adds, "\(name)")
        }
    }

    @Test("The best score merges first, a space comes before a text, and unknown characters are bytes")
    func merges() throws {
        let tokenizer = try Tokenizer(Self.scored())
        // `▁a` has a better score than `ab`.
        #expect(tokenizer.encode("ab") == [Self.first + 5])
        #expect(tokenizer.encode("bab") == [Self.first, Self.first + 2, Self.first + 4])
        let bytes: [Int32] = [0xC3, 0xA9]
        #expect(tokenizer.encode("é") == [Self.first] + bytes.map { $0 + 3 })
        #expect(tokenizer.decode(tokenizer.encode("é ab")) == "é ab")
        #expect(tokenizer.encode("") == [])
    }

    @Test("A text is prefixed after each added token too, and not where the file says so")
    func prefixes() throws {
        var metadata = Self.scored(["▁", "a", "▁a", "<x>"], types: [1, 1, 1, 4])
        #expect(try Tokenizer(metadata).encode("a<x>a") == [Self.first + 2, Self.first + 3, Self.first + 2])
        metadata.addsSpacePrefix = false
        let plain = try Tokenizer(metadata)
        #expect(plain.encode("a<x>a") == [Self.first + 1, Self.first + 3, Self.first + 1])
        #expect(plain.decode([Self.first + 2]) == " a")
        #expect(try Tokenizer(Self.scored()).decode([Self.first + 3]) == "a")
    }

    @Test("Phi-3's chat tokens take the white space after them, and its begin token does not")
    func phi() throws {
        var metadata = Self.scored(["▁", "a", "▁a", "<|user|>"], types: [1, 1, 1, 3])
        metadata.architecture = "phi3"
        let tokenizer = try Tokenizer(metadata)
        let user = Self.first + 3
        #expect(tokenizer.encode("<|user|>\n a", parsingSpecialTokens: true) == [user, Self.first + 2])
        #expect(tokenizer.encode("<s> a", parsingSpecialTokens: true) == [1, Self.first, Self.first + 2])
        metadata.architecture = "llama"
        let other = try Tokenizer(metadata)
        #expect(other.encode("<|user|> a", parsingSpecialTokens: true) == [user, Self.first, Self.first + 2])
    }

    @Test("The ends of turns and messages end a generation, and a tag of HTML does not")
    func ends() throws {
        var metadata = TokenizerInitTests.description(
            ["a", "<eos>", "</s>", "<end_of_turn>", "x", "y"], types: [1, 3, 4, 3, 1, 1], merges: [])
        metadata.endToken = 1
        metadata.endOfTurnToken = 4
        metadata.endOfMessageToken = 5
        let tokenizer = try Tokenizer(metadata)
        #expect(tokenizer.endOfGenerationTokens == [1, 3, 4, 5])
        #expect(!tokenizer.isControl(2) && tokenizer.encode("</s>") == [2])
        #expect(tokenizer.isControl(4))
        // Without another end it is one.
        metadata.endToken = nil
        #expect(try Tokenizer(metadata).endOfGenerationTokens.contains(2))
    }

    @Test("The end of a message is not the end of a turn where the format has both")
    func harmony() throws {
        let texts = ["a", "<|return|>", "<|call|>", "<|end|>"]
        let tokenizer = try Tokenizer(TokenizerInitTests.description(texts, types: [1, 3, 3, 3], merges: []))
        #expect(tokenizer.endOfGenerationTokens == [1, 2])
        #expect(tokenizer.isControl(3))
    }

    @Test("Cutting SentencePiece's text into words changes no token, whatever spans the words")
    func wordCuts() throws {
        let words = try Tokenizer(Self.scored())
        #expect(words.encode("ab ab") == [Self.first + 5, Self.first + 5])
        // `b▁a` spans two words and merges last, so that no cut is made between `b` and `▁`.
        var metadata = Self.scored(["▁", "a", "b", "▁a", "b▁a"])
        metadata.addsSpacePrefix = false
        #expect(try Tokenizer(metadata).encode("ab a") == [Self.first + 1, Self.first + 4])
    }

    static let hostileUnits = ["a", " ", "▁", "é", "\u{301}", "中", "ab ", "\n", "<x", "a\u{301}", "0"]

    @Test(
        "A hostile megabyte is encoded in about linear time by every class", .serialized, arguments: hostileUnits,
        ["sentencepiece-bpe", "sentencepiece-unigram", "word-piece", "character-bpe"])
    func staysLinear(unit: String, name: String) throws {
        let tokenizer = try Tokenizer(
            TokenizerDescription(TokenizerFiles(tokenizer: TokenizerSet(name).bytes("tokenizer"))))
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        let elapsed = processorTime { _ = tokenizer.encode(text) }
        // A fraction of this on a free machine; quadratic work would take many minutes.
        #expect(elapsed < .seconds(3), "\(elapsed)")
    }

    @Test(
        "White space before a letter is cut in linear time by DeepSeek's patterns", arguments: [" ", "1", "\u{3000}"])
    func linearPatterns(unit: String) throws {
        for name in ["deepseek-llm", "tiny_aya", "superbpe", "exaone-moe", "tekken"] {
            let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: name))
            let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count) + "漢"
            let elapsed = processorTime { _ = tokenizer.encode(text) }
            #expect(elapsed < .seconds(3), "\(name) \(elapsed)")
        }
    }
}
