import PinionTokenizer
import Testing
import TestSupport

@Suite("Tokenizer description")
struct TokenizerInitTests {
    static func description(
        _ tokens: [String] = ["a", "b", "ab", "<s>"], types: [Int32] = [1, 1, 1, 3], merges: [String] = ["a b"]
    ) -> TokenizerMetadata {
        TokenizerMetadata(tokens: tokens.map { Array($0.utf8) }, types: types, merges: merges)
    }

    static func changed(_ change: (inout TokenizerMetadata) -> Void) -> TokenizerMetadata {
        var description = description()
        change(&description)
        return description
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var words: [String]
        var description: TokenizerMetadata
        var testDescription: String { words.joined(separator: " ") }
    }

    static let faults: [Fault] = [
        Fault(words: ["empty"], description: description([], types: [], merges: [])),
        Fault(words: ["model", "rwkv", "gpt2, llama"], description: changed { $0.model = "rwkv" }),
        Fault(words: ["scores", "llama"], description: changed { $0.model = "llama" }),
        Fault(words: ["3 token scores", "4 tokens"], description: changed { $0.scores = [0, 0, 0] }),
        Fault(words: ["pre-tokenizer", "tekkenn", "tekken,"], description: changed { $0.preTokenizer = "tekkenn" }),
        Fault(words: ["3 token types", "4 tokens"], description: changed { $0.types = [1, 1, 1] }),
        Fault(words: ["token 2", "type 9"], description: changed { $0.types[2] = 9 }),
        Fault(words: ["token 0", "type -1"], description: changed { $0.types[0] = -1 }),
        Fault(words: ["merge 1", "'z'"], description: changed { $0.merges.append("z b") }),
        Fault(words: ["merge 0", "'ba'"], description: changed { $0.merges = ["b a"] }),
        Fault(words: ["merge 0", "'ab'"], description: changed { $0.merges = ["ab"] }),
        Fault(words: ["merge 0", "' a'"], description: changed { $0.merges = [" a"] }),
        Fault(words: ["merge 0", "'a '"], description: changed { $0.merges = ["a "] }),
        Fault(words: ["merge 0", "''"], description: changed { $0.merges = [""] }),
        Fault(words: ["begin token", "4"], description: changed { $0.beginToken = 4 }),
        Fault(words: ["end token", "-1"], description: changed { $0.endToken = -1 }),
        Fault(words: ["unknown token", "2147483647"], description: changed { $0.unknownToken = .max }),
        Fault(words: ["padding token", "-2147483648"], description: changed { $0.paddingToken = .min }),
        Fault(
            words: ["special token 3", "257 bytes"],
            description: changed { $0.tokens[3] = [UInt8](repeating: 0x3C, count: 257) }),
        Fault(
            words: ["4000001 tokens"],
            description: changed {
                $0.tokens = Array(repeating: [], count: Tokenizer.maximumVocabularyCount + 1)
                $0.types = []
            }),
        Fault(
            words: ["4000001 merges"],
            description: changed {
                $0.merges = Array(repeating: "a b", count: Tokenizer.maximumVocabularyCount + 1)
            }),
    ]

    @Test("A description that contradicts itself is refused with what was found", arguments: faults)
    func refusesFaults(fault: Fault) {
        #expect {
            try Tokenizer(fault.description)
        } throws: { error in
            guard let error = error as? TokenizerError else { return false }
            return error.code == .invalid && fault.words.allSatisfy(error.message.contains)
        }
    }

    @Test("Lookups of ids out of range give nothing")
    func outOfRange() throws {
        let tokenizer = try Tokenizer(Self.description())
        for token: Int32 in [-1, 4, .min, .max] {
            #expect(tokenizer.bytes(of: token) == [])
            #expect(!tokenizer.isControl(token))
            #expect(tokenizer.decode([token]) == "")
        }
        #expect(tokenizer.vocabularyCount == 4)
    }

    @Test("Of duplicate tokens the last is produced, of duplicate merges the last rank counts")
    func duplicates() throws {
        let tokens = try Tokenizer(Self.description(["a", "b", "ab", "a"], types: [1, 1, 1, 1], merges: []))
        #expect(tokens.encode("a") == [3])
        let merges = try Tokenizer(
            Self.description(["a", "b", "ab", "bb"], types: [], merges: ["a b", "b b", "a b"]))
        #expect(merges.encode("abb") == [0, 3])
    }

    @Test("Bytes without a token are left out")
    func missingBytes() throws {
        let tokenizer = try Tokenizer(Self.description())
        #expect(tokenizer.encode("xaéb y") == [2])
        #expect(tokenizer.encode("") == [])
    }

    @Test("A merge never produces a control token, whatever the file says")
    func mergesNeverForge() throws {
        let tokenizer = try Tokenizer(
            Self.description(
                ["a", "b", "c", "ab", "abc", "d"], types: [1, 1, 1, 1, 3, 3], merges: ["a b", "ab c", "c d"]))
        #expect(tokenizer.encode("abcd") == [3, 2])
        #expect(tokenizer.encode("abcd", parsingSpecialTokens: true) == [4, 5])
    }

    @Test("Special tokens are matched longest first, and shorter ones where the longest may not be")
    func longestSpecial() throws {
        let tokenizer = try Tokenizer(
            Self.description(["a", "b", "ab", "abb"], types: [1, 1, 4, 3], merges: []))
        #expect(tokenizer.encode("abb", parsingSpecialTokens: true) == [3])
        #expect(tokenizer.encode("abb") == [2, 1])
        let spans = [TextSpan("ab", origin: .template), TextSpan("b", origin: .request)]
        #expect(tokenizer.encode(spans) == [2, 1])
    }

    @Test("End-of-generation tokens are the end token and known control texts")
    func endOfGeneration() throws {
        #expect(try TokenizerFixtures.smollm.get().endOfGenerationTokens == [0, 2])
        let plain = try Tokenizer(
            Self.description(["a", "</s>", "<|eot_id|>", "<|end|>"], types: [1, 1, 3, 4], merges: []))
        #expect(plain.endOfGenerationTokens == [2, 3])
    }

    @Test("A chat format's markers are control tokens even where the file calls them user-defined")
    func promotedMarkers() throws {
        let tokens = ["a", "<", "|", ">", "x", "<|x|>", "[x]"]
        let tokenizer = try Tokenizer(Self.description(tokens, types: [1, 1, 1, 1, 1, 4, 4], merges: []))
        #expect(tokenizer.isControl(5))
        #expect(tokenizer.encode([TextSpan("<|x|>", origin: .request)]) == [1, 2, 4, 2, 3])
        #expect(tokenizer.encode([TextSpan("<|x|>", origin: .template)]) == [5])
        #expect(tokenizer.encode([TextSpan("[x]", origin: .request)]) == [6])
    }

    @Test("Texts are found as special tokens first, then as ordinary ones")
    func tokenForText() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        #expect(tokenizer.token(forText: "<|im_end|>") == 2)
        let the = try #require(tokenizer.token(forText: " the"))
        #expect(tokenizer.encode(" the") == [the])
        #expect(tokenizer.bytes(of: the) == Array(" the".utf8))
        #expect(tokenizer.token(forText: "<|no_such|>") == nil)
        #expect(tokenizer.bytes(of: 2) == Array("<|im_end|>".utf8))
        #expect(tokenizer.isControl(2) && !tokenizer.isControl(the))
    }

    @Test("Byte tokens and texts outside of the byte alphabet decode to what they name")
    func unusualTokens() throws {
        let tokenizer = try Tokenizer(
            Self.description(["<0x0A>", "中", "Ġa", "<0xZZ>"], types: [6, 1, 1, 6], merges: []))
        #expect(tokenizer.decode([0, 1, 2, 3]) == "\n中 a<0xZZ>")
        let malformed = try Tokenizer(TokenizerMetadata(tokens: [[0xC4], [0xFF, 0x41]], merges: []))
        #expect(malformed.bytes(of: 0) == [0xC4])
        #expect(malformed.decode([1]) == "\u{FFFD}A")
    }

    @Test("Random descriptions load or throw, and those that load encode and decode")
    func survivesRandomDescriptions() {
        var generator = SeededGenerator(seed: 7)
        let pieces = ["a", "b", "ab", "ba", "Ġ", "Ġa", "<s>", "", " ", "é", "<0x41>", "aa", "aaa"]
        var loaded = 0
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...8, using: &generator)
            let tokens = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }
            var types = (0..<count).map { _ in Int32.random(in: 0...6, using: &generator) }
            if Bool.random(using: &generator) { types = [] }
            let merges = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                "\(pieces.randomElement(using: &generator) ?? "") \(pieces.randomElement(using: &generator) ?? "")"
            }
            var description = Self.description(tokens, types: types, merges: merges)
            description.endToken = Bool.random(using: &generator) ? nil : Int32.random(in: -1...9, using: &generator)
            guard let tokenizer = try? Tokenizer(description) else { continue }
            loaded += 1
            let encoded = tokenizer.encode("ab aab <s>é aaa", parsingSpecialTokens: true)
            #expect(encoded.allSatisfy { $0 >= 0 && Int($0) < count })
            _ = tokenizer.decode(encoded)
        }
        #expect(loaded > 500)
    }
}
