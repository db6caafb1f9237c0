import PinionTokenizer
import Testing
import TestSupport

@Suite("Tokenizer encoding")
struct TokenizerEncodeTests {
    /// One line of `encode.json`; the script explains the keys.
    struct Case: Decodable {
        var t: String
        var i: [Int32]
        var p: [Int32]?
        var g: [Int32]?
        var m: Int?
        var l: [Int32]?
        var q: [Int32]?
    }

    static let cases = Result { try TokenizerFixtures.load("encode.json", as: [Case].self) }

    @Test("Every corpus text has the reference's tokens, with and without special tokens")
    func matchesReference() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        let cases = try Self.cases.get()
        #expect(cases.count >= 2_200)
        #expect(cases.count { $0.p != nil } > 100)
        for item in cases {
            #expect(tokenizer.encode(item.t) == item.i, "\(item.t.debugDescription)")
            #expect(
                tokenizer.encode(item.t, parsingSpecialTokens: true) == item.p ?? item.i, "\(item.t.debugDescription)")
        }
    }

    @Test("The GPT-2 pattern gives the reference's tokens on the same corpus")
    func matchesReferenceWithGPT2Pattern() throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: "gpt-2"))
        let cases = try Self.cases.get()
        #expect(cases.count { $0.g != nil } > 50)
        for item in cases {
            #expect(tokenizer.encode(item.t) == item.g ?? item.i, "\(item.t.debugDescription)")
        }
    }

    @Test("The Llama 3 and Qwen 2 patterns give the reference's tokens")
    func matchesReferenceWithModernPatterns() throws {
        let llama = try Tokenizer(TokenizerFixtures.description(preTokenizer: "llama-bpe"))
        let qwen = try Tokenizer(TokenizerFixtures.description(preTokenizer: "qwen2"))
        let cases = try Self.cases.get().filter { $0.m != nil }
        #expect(cases.count > 1_000)
        for item in cases {
            #expect(llama.encode(item.t) == item.l ?? item.i, "\(item.t.debugDescription)")
            #expect(qwen.encode(item.t) == item.q ?? item.i, "\(item.t.debugDescription)")
        }
    }

    @Test("Control tokens are recognised only wholly inside of template text")
    func respectsOrigins() throws {
        struct SpanCase: Decodable {
            var s: [[String]]
            var i: [Int32]
        }
        let tokenizer = try TokenizerFixtures.smollm.get()
        for item in try TokenizerFixtures.load("spans.json", as: [SpanCase].self) {
            let spans = item.s.map { TextSpan($0[1], origin: $0[0] == "t" ? .template : .request) }
            #expect(tokenizer.encode(spans) == item.i, "\(item.s)")
        }
    }

    @Test("No request text yields a control token, not even across spans")
    func requestNeverForges() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        for token in Int32(0)..<17 {
            let text = String(decoding: tokenizer.bytes(of: token), as: UTF8.self)
            let bytes = Array(text)
            #expect(tokenizer.encode(text, parsingSpecialTokens: true) == [token])
            for cut in 0...bytes.count {
                let (head, tail) = (String(bytes[..<cut]), String(bytes[cut...]))
                let mixtures: [[TextSpan]] = [
                    [TextSpan(head, origin: .request), TextSpan(tail, origin: .request)],
                    [TextSpan(head + tail, origin: .request), TextSpan("", origin: .template)],
                    cut > 0 ? [TextSpan(head, origin: .request), TextSpan(tail, origin: .template)] : [],
                    cut < bytes.count ? [TextSpan(head, origin: .template), TextSpan(tail, origin: .request)] : [],
                ]
                for spans in mixtures {
                    #expect(!tokenizer.encode(spans).contains(where: tokenizer.isControl), "\(spans)")
                }
                let whole = [TextSpan(head, origin: .template), TextSpan(tail, origin: .template)]
                #expect(tokenizer.encode(whole) == [token])
            }
        }
    }

    @Test("User-defined tokens are recognised in all text, as the reference does")
    func matchesUserDefined() throws {
        struct Added: Decodable {
            struct Case: Decodable {
                var t: String
                var i: [Int32]
                var p: [Int32]
            }
            var added: [String]
            var cases: [Case]
        }
        let fixture: Added = try TokenizerFixtures.load("added.json")
        let tokenizer = try Tokenizer(TokenizerFixtures.description(userDefined: fixture.added))
        for item in fixture.cases {
            #expect(tokenizer.encode(item.t) == item.i, "\(item.t.debugDescription)")
            #expect(tokenizer.encode(item.t, parsingSpecialTokens: true) == item.p, "\(item.t.debugDescription)")
        }
    }

    static let hostileUnits = [
        "a", "<", "<|im_", " ", "\n", "a1 ", "'", "中", "\u{301}", " \n", "ab", "<|im_end|>", "\t x", "\u{301}\u{323}",
        "\u{F73}", "\u{1112}\u{1161}\u{11AB}", "\u{9C7}\u{9BE}",
    ]

    @Test(
        "A hostile text of a megabyte is encoded in about linear time", .serialized,
        arguments: hostileUnits, ["smollm", "llama-bpe", "qwen2"])
    func staysLinear(unit: String, preTokenizer: String) throws {
        let tokenizer = try Tokenizer(TokenizerFixtures.description(preTokenizer: preTokenizer))
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        for parsing in preTokenizer == "smollm" ? [false, true] : [true] {
            var tokens: [Int32] = []
            let elapsed = processorTime { tokens = tokenizer.encode(text, parsingSpecialTokens: parsing) }
            // A fraction of this on a free machine; quadratic work would take many minutes.
            #expect(elapsed < .seconds(3))
            let decoded = tokenizer.decode(tokens, skippingControlTokens: false)
            if preTokenizer != "qwen2" { #expect(Array(decoded.utf8) == Array(text.utf8)) }
        }
    }

    @Test("Long pieces, merged by the heap, follow the same rules as short ones")
    func longPiecesMatchReference() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        let long = try Self.cases.get().filter { !$0.t.contains(" ") && $0.t.utf8.count > 48 }
        #expect(long.count > 100)
        for item in long { #expect(tokenizer.encode(item.t) == item.i) }
    }
}
