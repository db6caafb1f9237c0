import PinionTokenizer
import Testing

@Suite("Tokenizer decoding")
struct TokenizerDecodeTests {
    /// One line of `decode.json`: ids, text, and the text with control tokens where that differs.
    struct Case: Decodable {
        var i: [Int32]
        var t: String
        var w: String?
    }

    @Test("Token sequences decode to the reference's text, broken characters as U+FFFD")
    func matchesReference() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        let cases: [Case] = try TokenizerFixtures.load("decode.json")
        #expect(cases.count { $0.t.unicodeScalars.contains("\u{FFFD}") } > 100)
        for item in cases {
            #expect(Array(tokenizer.decode(item.i).utf8) == Array(item.t.utf8), "\(item.i)")
            let whole = tokenizer.decode(item.i, skippingControlTokens: false)
            #expect(Array(whole.utf8) == Array((item.w ?? item.t).utf8), "\(item.i)")
        }
    }

    @Test("Streamed text equals the decoded whole and every part ends on a whole scalar")
    func streamsWholeScalars() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        for item in try TokenizerFixtures.load("decode.json", as: [Case].self) {
            var detokenizer = StreamingDetokenizer(tokenizer)
            var released: [UInt8] = []
            for token in item.i { released += Array(detokenizer.append(token).utf8) }
            released += Array(detokenizer.finish().utf8)
            #expect(released == Array(item.t.utf8), "\(item.i)")
        }
    }

    /// A vocabulary of the 256 bytes alone, so that any byte sequence can be streamed.
    static func byteTokenizer() throws -> Tokenizer {
        let scalars = (0..<256).map { byte -> UInt32 in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
            case ..<0x21: return UInt32(0x100 + byte)
            case 0xAD: return 0x143
            default: return UInt32(0x100 + 0x21 + byte - 0x7F)
            }
        }
        let tokens = try scalars.map { Array(String(Character(try #require(Unicode.Scalar($0)))).utf8) }
        return try Tokenizer(TokenizerMetadata(tokens: tokens, merges: []))
    }

    @Test("All sequences of critical bytes stream to what String makes of them")
    func streamsAnyBytes() throws {
        let tokenizer = try Self.byteTokenizer()
        for byte in UInt8.min...UInt8.max { #expect(tokenizer.bytes(of: Int32(byte)) == [byte]) }
        let critical: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF3, 0xF4,
            0xF5, 0xFF,
        ]
        for number in 0..<critical.count * critical.count * critical.count * critical.count {
            var rest = number
            let bytes = (0..<4).map { _ -> UInt8 in
                defer { rest /= critical.count }
                return critical[rest % critical.count]
            }
            var detokenizer = StreamingDetokenizer(tokenizer)
            var released = ""
            for byte in bytes { released += detokenizer.append(Int32(byte)) }
            released += detokenizer.finish()
            if released != String(decoding: bytes, as: UTF8.self) { Issue.record("\(bytes)") }
        }
    }

    @Test("A character split over tokens waits, and invalid bytes are released at once")
    func waitsOnlyForPossibleScalars() throws {
        var detokenizer = StreamingDetokenizer(try Self.byteTokenizer())
        #expect([0xF0, 0x9F, 0x98, 0x80].map { detokenizer.append($0) } == ["", "", "", "\u{1F600}"])
        #expect(detokenizer.append(0xFF) == "\u{FFFD}")
        #expect(detokenizer.append(0xE2) == "")
        #expect(detokenizer.append(0x41) == "\u{FFFD}A")
        #expect(detokenizer.append(0xC3) == "")
        #expect(detokenizer.finish() == "\u{FFFD}")
        #expect(detokenizer.finish() == "")
    }

    @Test("Control tokens give no text and do not disturb a character around them")
    func skipsControlTokens() throws {
        let tokenizer = try TokenizerFixtures.smollm.get()
        let ids = tokenizer.encode("é\u{1F9FF}")
        var detokenizer = StreamingDetokenizer(tokenizer)
        var text = ""
        for token in ids {
            text += detokenizer.append(token)
            #expect(detokenizer.append(2) == "")
        }
        #expect(text + detokenizer.finish() == "é\u{1F9FF}")
    }
}
