import PinionGrammar
import TestSupport
import Testing

@Suite struct GrammarSessionTests {
    /// Words, single bytes, stretches of JSON, twins, a special token and an end token.
    private static let end: Int32 = 0
    private static func vocabulary(_ random: inout SeededGenerator) -> TokenVocabulary {
        var tokens: [[UInt8]?] = [nil, nil, Array("\"a\"".utf8), Array("\"a\"".utf8)]
        tokens += (0...255).map { [UInt8($0)] }
        tokens += [
            "{\"", "\":", "\",\"", "{\"a\":1", ",\"b\":2", "\"a\":1,\"a\":2", "}}", "]}", "},{\"", "bb\"", "é日", "a\"",
            "\\\"a", "bbbb", "[[", "\n  ",
            "\n    ", ": ", ", ",
            "    ", "\t\t", "aaa", "1,2", "\"ab", "b\":", "[1,", "\":[", "\"a\": {",
        ].map { Array($0.utf8) }
        for _ in 0..<400 {
            let pieces = ["{", "}", "[", "]", ",", ":", "\"", "a", "b", "1", " ", "\n", "+", "aa", "{\"a\":"]
            tokens.append(
                Array(
                    (0..<Int.random(in: 2...5, using: &random)).map { _ in pieces[random.below(pieces.count)] }
                        .joined().utf8))
        }
        return TokenVocabulary(tokens: tokens, endTokens: [end])
    }

    private static func allowed(_ session: GrammarSession, _ count: Int) -> Set<Int32> {
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        words.withUnsafeMutableBufferPointer { session.markAllowed(in: $0) }
        return Set((0..<Int32(count)).filter { words[Int($0) / 64] >> UInt64($0 % 64) & 1 == 1 })
    }

    @Test("A mask allows exactly the tokens that the grammar can go on with", arguments: 0..<6 as Range<UInt64>)
    func bruteForce(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let vocabulary = Self.vocabulary(&random)
        let grammars = [
            try TestGrammars.json(), try TestGrammars.sums(), try TestGrammars.counted(), try TestGrammars.bounded(),
        ]
        for grammar in grammars {
            let compiled = CompiledGrammar(grammar, vocabulary: vocabulary, encode: nil)
            for _ in 0..<8 {
                let session = GrammarSession(compiled)
                var text: [UInt8] = []
                for _ in 0..<14 {
                    var matcher = GrammarMatcher(grammar)
                    var expected: Set<Int32> = []
                    for token in 0..<Int32(vocabulary.count) {
                        guard let bytes = vocabulary.bytes(of: token), !bytes.isEmpty else { continue }
                        if case .refused = matcher.read(text + bytes) { continue }
                        expected.insert(token)
                    }
                    let isWhole = matcher.read(text) == .accepted
                    if isWhole { expected.insert(Self.end) }
                    #expect(session.mayEnd == isWhole)
                    let found = Self.allowed(session, vocabulary.count)
                    try #require(found == expected, "after \(String(decoding: text, as: UTF8.self))")
                    guard let next = found.subtracting([Self.end]).sorted().randomElement(using: &random) else { break }
                    session.advance(next)
                    text += vocabulary.bytes(of: next) ?? []
                }
            }
        }
    }

    @Test("Forced text is told in the tokens of its encoder, up to where a longer token could go on")
    func forced() throws {
        var builder = GrammarBuilder()
        let rule = try builder.rule(
            "object",
            .sequence([
                .lexeme(.text("{\"name\":")), .lexeme(.bytes(0x30...0x39)), .lexeme(.text(",\"size\":\"")),
                .lexeme(try .texts([Array("ab".utf8), Array("cd".utf8)])), .lexeme(.text("\"}")),
            ]))
        let tokens: [[UInt8]?] =
            [nil] + (0...127).map { [UInt8($0)] }
            + ["{\"", "name", "\":", "\":1", ",\"", "size", "\":\"", "\"}", "\":\"c"].map { Array($0.utf8) }
        let vocabulary = TokenVocabulary(tokens: tokens, endTokens: [0])
        let compiled = CompiledGrammar(
            try builder.finish(start: rule), vocabulary: vocabulary, encode: { _, text in longestTokens(text, tokens) })
        func texts(_ ids: [Int32]) -> [String] { ids.map { String(decoding: tokens[Int($0)] ?? [], as: UTF8.self) } }
        let session = GrammarSession(compiled)
        // Not `":`: there is a token `":1`.
        #expect(texts(session.forced(atMost: 10)) == ["{\"", "name"])
        #expect(Self.allowed(session, tokens.count).count == 1)
        session.advance(session.forced(atMost: 1)[0])
        session.advance(session.forced(atMost: 1)[0])
        #expect(session.forcedTokens == 2)
        #expect(
            Self.allowed(session, tokens.count) == [token("\"", tokens), token("\":", tokens), token("\":1", tokens)])
        session.advance(token("\":1", tokens))
        #expect(texts(session.forced(atMost: 10)) == [",\"", "size"])
        for next in [",\"", "size", "\":\"", "c"] { session.advance(token(next, tokens)) }
        // To the end: nothing can follow.
        #expect(texts(session.forced(atMost: 10)) == ["d", "\"}"])
        for next in ["d", "\"}"] { session.advance(token(next, tokens)) }
        #expect(Self.allowed(session, tokens.count) == [0])
    }

    private func token(_ text: String, _ tokens: [[UInt8]?]) -> Int32 {
        Int32(tokens.firstIndex { $0 == Array(text.utf8) } ?? 0)
    }
}

private func longestTokens(_ text: [UInt8], _ tokens: [[UInt8]?]) -> [Int32] {
    var result: [Int32] = []
    var rest = text[...]
    while !rest.isEmpty {
        var (best, length) = (0, 0)
        for (id, bytes) in tokens.enumerated() {
            if let bytes, rest.starts(with: bytes), bytes.count > length { (best, length) = (id, bytes.count) }
        }
        precondition(length > 0, "the vocabulary has every byte")
        result.append(Int32(best))
        rest = rest.dropFirst(length)
    }
    return result
}

extension TestGrammars {
    /// Sums with parentheses, ambiguous on purpose.
    static func sums() throws -> Grammar {
        var builder = GrammarBuilder()
        let sum = builder.declare("sum")
        try builder.define(
            sum,
            .choice([
                .sequence([.rule(sum), .lexeme(.text("+")), .rule(sum)]),
                .sequence([.lexeme(.text("[")), .rule(sum), .lexeme(.text("]"))]),
                .lexeme(try ByteAutomaton.bytes(0x30...0x39).repeated(1)),
                .lexeme(try .texts(["a", "aa", "aaa", "ab", "aab", "aaab"].map { Array($0.utf8) })),
            ]))
        return try builder.finish(start: sum)
    }

    /// Strings with escapes and characters of several bytes, of which the longest pieces no longer fit at the end.
    static func bounded() throws -> Grammar {
        var builder = GrammarBuilder()
        let pieces = try ByteAutomaton.texts(["a", "bbb", #"\""#, "é日", "😀a"].map { Array($0.utf8) }).repeated(0)
        let quote = ByteAutomaton.text(Array("\"".utf8))
        let automaton = try ByteAutomaton.concatenation([pieces, quote])
        let strings = Production.bounded(automaton, try #require(CharacterCount(automaton)), max: 6)
        let rule = try builder.rule(
            "strings",
            .repeated(
                .sequence([.lexeme(quote), strings, .repeated(.lexeme(.text(",")), min: 0, max: 1)]), min: 1, max: nil))
        return try builder.finish(start: rule)
    }

    static func counted() throws -> Grammar {
        var builder = GrammarBuilder()
        let rule = try builder.rule(
            "strings",
            .repeated(
                .sequence([
                    .lexeme(.text("\"")), .counted(.bytes(0x61...0x62), min: 2, max: 9), .lexeme(.text("\"")),
                    .repeated(.lexeme(.text(",")), min: 0, max: 1),
                ]), min: 1, max: nil))
        return try builder.finish(start: rule)
    }
}
