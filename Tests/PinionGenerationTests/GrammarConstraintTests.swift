import Foundation
import PinionEngine
import PinionGeneration
import PinionGrammar
import PinionTokenizer
import Testing
import TestSupport

@Suite("A choice held to a format, token by token")
struct GrammarConstraintTests {
    private static func tokenizer(_ name: String) throws -> Tokenizer {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/tokenizers/\(name).tokenizer.json")
        return try Tokenizer(TokenizerDescription(TokenizerFiles(tokenizer: [UInt8](Data(contentsOf: url)))))
    }

    /// Replies that end at random, each token drawn among those that are allowed.
    private struct Walk {
        let tokenizer: Tokenizer
        let vocabulary: ReplyVocabulary
        let grammar: CompiledGrammar
        var goesOn = false

        init(_ tokenizer: Tokenizer, _ grammar: Grammar) {
            self.tokenizer = tokenizer
            vocabulary = ReplyVocabulary(tokenizer)
            self.grammar = vocabulary.compile(grammar)
        }

        func constraint() -> GrammarConstraint { GrammarConstraint(grammar, vocabulary, goesOn: goesOn) }

        func allowed(_ constraint: GrammarConstraint) -> [Int32] {
            var mask = TokenMask(vocabulary: tokenizer.vocabularyCount)
            constraint.markAllowed(in: &mask)
            return (0..<Int32(tokenizer.vocabularyCount)).filter { mask[$0] }
        }

        /// The tokens of a reply, its end token left out; nil where nothing was allowed.
        func reply(_ generator: inout some RandomNumberGenerator, atMost limit: Int = 200) -> [Int32]? {
            let constraint = constraint()
            var tokens: [Int32] = []
            while tokens.count < limit, !constraint.isComplete {
                guard let token = allowed(constraint).randomElement(using: &generator) else { return nil }
                if tokenizer.endOfGenerationTokens.contains(token) { break }
                constraint.advance(token)
                tokens.append(token)
            }
            return tokens
        }
    }

    @Test(
        "What a reply shows is one of the choices, whatever its tokenizer drops at the beginning",
        arguments: ["sentencepiece-bpe", "sentencepiece-unigram", "added-tokens", "character-bpe"])
    func choices(_ name: String) throws {
        let texts = ["yes", "no", " both", "b{a}", "née", "\u{1F600}"]
        let walk = Walk(try Self.tokenizer(name), try ChoiceGrammar.compile(texts))
        var generator = SeededGenerator(seed: 11)
        var seen: Set<String> = []
        for _ in 0..<300 {
            let tokens = try #require(walk.reply(&generator))
            seen.insert(walk.tokenizer.decode(tokens))
        }
        #expect(seen.isSubset(of: texts))
        #expect(seen.count > 3)
    }

    @Test("The tokens that a model would say of a choice are allowed, the first with its dropped space")
    func usualTokens() throws {
        let tokenizer = try Self.tokenizer("sentencepiece-bpe")
        let walk = Walk(tokenizer, try PatternGrammar.compile("[a-z ]{1,40}"))
        for text in ["the river and the town", "a", "zebra"] {
            let constraint = walk.constraint()
            let tokens = tokenizer.encode(text)
            #expect(tokenizer.decode(tokens) == text)
            #expect(tokenizer.bytes(of: tokens[0]).first == UInt8(ascii: " "))
            for token in tokens {
                #expect(walk.allowed(constraint).contains(token))
                constraint.advance(token)
            }
        }
    }

    @Test("Control tokens, and tokens that look like marks, are no part of a reply")
    func marks() throws {
        for name in ["sentencepiece-bpe", "added-tokens", "character-bpe"] {
            let tokenizer = try Self.tokenizer(name)
            let walk = Walk(tokenizer, try PatternGrammar.compile(#"[\s\S]*"#))
            let allowed = walk.allowed(walk.constraint())
            #expect(allowed.count > 1_000)
            for token in allowed where !tokenizer.endOfGenerationTokens.contains(token) {
                #expect(!tokenizer.isControl(token) && !tokenizer.bytes(of: token).isEmpty)
            }
        }
    }

    @Test("A text that is complete ends without an end token, one that may go on does not")
    func completion() throws {
        let tokenizer = try Self.tokenizer("character-bpe")
        let ended = Walk(tokenizer, try PatternGrammar.compile("ab?")).constraint()
        #expect(!ended.isComplete)
        ended.advance(try #require(tokenizer.token(forText: "a")))
        #expect(!ended.isComplete)
        ended.advance(try #require(tokenizer.token(forText: "b")))
        #expect(ended.isComplete)
    }

    @Test("End tokens stand where the format may end, and with ignore_eos only where it has to")
    func ends() throws {
        let tokenizer = try Self.tokenizer("character-bpe")
        let end = tokenizer.endOfGenerationTokens
        #expect(!end.isEmpty)
        let letter = try #require(tokenizer.token(forText: "a"))
        var walk = Walk(tokenizer, try PatternGrammar.compile("a{1,3}"))
        for (goesOn, mayEnd) in [(false, true), (true, false)] {
            walk.goesOn = goesOn
            let constraint = walk.constraint()
            #expect(end.isDisjoint(with: walk.allowed(constraint)))
            constraint.advance(letter)
            #expect(end.isSubset(of: walk.allowed(constraint)) == mayEnd)
            #expect(walk.allowed(constraint).contains(letter))
            constraint.advance(letter)
            constraint.advance(letter)
            #expect(constraint.isComplete)
            #expect(Set(walk.allowed(constraint)) == end)
        }
    }

    @Test(
        "Tokens of a text behind another are those of both together", arguments: ["sentencepiece-bpe", "character-bpe"])
    func encoding(_ name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        func bytes(_ tokens: [Int32]?) -> [UInt8]? { tokens.map { $0.flatMap { tokenizer.bytes(of: $0) } } }
        let context = Array("\u{E9}the river \"a\"".utf8)
        // The beginning of the context may be the end of a character.
        for start in 0..<2 {
            let tokens = tokenizer.encode(Array(" \"town\"".utf8), after: Array(context[start...]))
            #expect(bytes(tokens) == Array(" \"town\"".utf8))
        }
        // The end of the text may be the beginning of a character.
        #expect(bytes(tokenizer.encode(Array(" a\u{E9}".utf8.dropLast()), after: context)) == Array(" a".utf8))
        // A word that is one token with what is before it has no tokens of its own.
        let word = try #require(tokenizer.encode("the").first { tokenizer.bytes(of: $0).count > 2 })
        let text = tokenizer.bytes(of: word)
        #expect(tokenizer.encode(Array(text.suffix(1)), after: Array(text.dropLast())) == nil)
    }
}
