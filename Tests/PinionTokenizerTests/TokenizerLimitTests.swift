import Foundation
import PinionTokenizer
import TestSupport
import Testing

@Suite("Tokenizing up to a limit, in slices")
struct TokenizerLimitTests {
    private static func encode(
        _ tokenizer: Tokenizer, _ text: String, limit: Int = .max, meter: EncodingMeter = EncodingMeter()
    ) throws(TokenizerError) -> Tokenizer.Encoding {
        try tokenizer.encode([TextSpan(text, origin: .request)], limit: limit, meter: meter)
    }

    private static let words = ["the ", "river ", "a", "town.", "\n\n", "12 ", "été ", "<x>", "  ", "don't "]

    private static func text(bytes: Int, seed: UInt64) -> String {
        var random = SeededGenerator(seed: seed)
        var text = ""
        while text.utf8.count < bytes { text += words[Int.random(in: 0..<words.count, using: &random)] }
        return text
    }

    @Test(
        "A text below its limit has all its tokens, wherever slices end", arguments: ["smollm", "llama-bpe", "qwen2"])
    func whole(_ preTokenizer: String) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: preTokenizer, userDefined: ["<x>"]))
        let text = Self.text(bytes: 300_000, seed: 7)
        let tokens = tokenizer.encode(text)
        var slices = 0
        let meter = EncodingMeter { work throws(TokenizerError) in
            #expect(work >= EncodingMeter.slice)
            slices += 1
        }
        #expect(try Self.encode(tokenizer, text, limit: tokens.count + 1, meter: meter) == .tokens(tokens))
        #expect(slices > 4)
    }

    @Test("A text that reaches its limit far from its end is left there, and the work with it")
    func leftEarly() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        let text = Self.text(bytes: 4 << 20, seed: 8)
        var work = 0
        let meter = EncodingMeter { work += $0 }
        guard case .beyond(let count) = try Self.encode(tokenizer, text, limit: 8192, meter: meter) else {
            Issue.record("4 MiB fit 8192 tokens")
            return
        }
        #expect(count >= 8191)
        #expect(count < tokenizer.encode(text).count)
        // Text of 8192 tokens, and some slices.
        #expect(work < 200_000)
    }

    @Test("User-defined tokens alone reach the limit too")
    func specialTokensAlone() throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(userDefined: ["<x>"]))
        let text = String(repeating: "<x>", count: 1 << 20)
        var work = 0
        let meter = EncodingMeter { work += $0 }
        let encoding = try Self.encode(tokenizer, text, limit: 100_000, meter: meter)
        #expect(encoding != .tokens(tokenizer.encode(text)))
        #expect(work < 400_000)
    }

    @Test("The true number of tokens is told where counting them takes no time")
    func countedToTheEnd() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        let text = Self.text(bytes: 60_000, seed: 9)
        #expect(try Self.encode(tokenizer, text, limit: 100) == .tokens(tokenizer.encode(text)))
    }

    @Test("No text has fewer tokens than its bytes say", arguments: ["smollm", "llama-bpe", "qwen2"])
    func fewest(_ preTokenizer: String) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: preTokenizer))
        for item in try TokenizerEncodeTests.cases.get() {
            let count = tokenizer.encode(item.t).count
            #expect(tokenizer.fewestTokens(in: [item.t]) <= count, "\(item.t.debugDescription)")
            #expect(tokenizer.fewestTokens(in: [item.t, item.t]) <= 2 * count, "\(item.t.debugDescription)")
        }
        // The text that shrinks most when it is composed, and bytes that may have no token.
        let shrinking = String(repeating: "\u{1112}\u{1161}\u{11AB}", count: 1000)
        #expect(tokenizer.fewestTokens(in: [shrinking]) <= tokenizer.encode(shrinking).count)
        let rare = String(repeating: "\u{10FFFF}\u{F0000}", count: 1000)
        #expect(tokenizer.fewestTokens(in: [rare]) <= tokenizer.encode(rare).count)
        let spaces = String(repeating: " ", count: 100_000)
        let fewest = tokenizer.fewestTokens(in: [spaces])
        #expect(fewest <= tokenizer.encode(spaces).count)
        // This vocabulary lacks tokens for some bytes, so nothing is certain of what composing makes.
        if preTokenizer != "qwen2" { #expect(fewest >= 100_000 / tokenizer.longestToken) }
    }

    @Test("A text composed in parts is what it would be composed at once", arguments: 1...12 as ClosedRange<UInt64>)
    func composedInParts(_ seed: UInt64) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: "qwen2"))
        // Bases, marks of several classes, Hangul letters, and vowel signs that are letters by their category.
        let scalars: [UInt32] = [
            0x61, 0x20, 0x65, 0x301, 0x316, 0x327, 0x1100, 0x1112, 0x1161, 0x1175, 0x11A8, 0x11C2, 0xAC00, 0xAC01,
            0x9C7,
            0x9BE, 0x3BF, 0x345, 0x4E2D, 0x212B, 0x1FEF, 0x16D63, 0x16D67, 0x110B9, 0x110BA, 0x1F600, 0xF900, 0x0B47,
            0xB57, 0x304B, 0x3099,
        ]
        var random = SeededGenerator(seed: seed)
        // Few kinds at a time, so that some texts have long stretches without a place to cut.
        let kinds = (0..<Int.random(in: 2...12, using: &random)).map { _ in
            scalars[Int.random(in: 0..<scalars.count, using: &random)]
        }
        var text = ""
        for _ in 0..<60_000 {
            let value = kinds[Int.random(in: 0..<kinds.count, using: &random)]
            text.unicodeScalars.append(try #require(Unicode.Scalar(value)))
        }
        let composed = text.precomposedStringWithCanonicalMapping
        let expected = Self.hasLongRun(text) ? nil : tokenizer.encode(composed)
        if let expected { #expect(tokenizer.encode(text) == expected, "kinds \(kinds)") }
    }

    /// Such a text stays as it is.
    private static func hasLongRun(_ text: String) -> Bool {
        var run = 0
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark: run += 1
            default: run = 0
            }
            if run > 256 { return true }
        }
        return false
    }

    static let longTexts = ["word", " ", "the river ", "été ", "中文", "<", "\u{1112}\u{1161}"]

    @Test(
        "Work on 4 MiB stops every few milliseconds, also within a single word", .serialized, arguments: longTexts,
        ["smollm", "qwen2"])
    func pauses(unit: String, preTokenizer: String) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: preTokenizer))
        let text = String(repeating: unit, count: (4 << 20) / unit.utf8.count)
        var last = processorTime()
        var longest = Duration.zero
        var slices = 0
        let meter = EncodingMeter { _ throws(TokenizerError) in
            let now = processorTime()
            longest = max(longest, now - last)
            last = now
            slices += 1
        }
        _ = try Self.encode(tokenizer, text, meter: meter)
        longest = max(longest, processorTime() - last)
        print("longest pause in 4 MiB of \(unit.debugDescription), \(preTokenizer): \(longest), \(slices) slices")
        #expect(slices >= 64)
        // The whole takes 0.3 to 3 s.
        #expect(longest < .milliseconds(250))
    }

    @Test("Work that is ended by its meter ends there", arguments: longTexts)
    func ended(unit: String) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: "qwen2"))
        let text = String(repeating: unit, count: (4 << 20) / unit.utf8.count)
        var slices = 0
        let meter = EncodingMeter { _ throws(TokenizerError) in
            slices += 1
            if slices == 5 { throw TokenizerError(.abandoned, "enough") }
        }
        let error = #expect(throws: TokenizerError.self) { try Self.encode(tokenizer, text, meter: meter) }
        #expect(error?.code == .abandoned)
        #expect(slices == 5)
    }
}
