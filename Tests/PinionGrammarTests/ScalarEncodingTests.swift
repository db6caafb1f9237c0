import PinionGrammar
import PinionJSON
import Testing

@Suite struct ScalarEncodingTests {
    static let texts = [
        "", "plain", "\"quoted\" \\ back", "\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F} \u{7F}\u{80}", "äöü ß", "日本語",
        "\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}", "👩‍👩‍👧", "/",
    ]

    @Test("A text has exactly one spelling in a JSON string, which decodes to the text", arguments: texts)
    func spellings(text: String) throws {
        let spelling = ByteAutomaton.jsonSpelling(of: text)
        #expect(ByteAutomaton.anyText(.jsonString).accepts(spelling))
        #expect(ByteAutomaton.anyText(.utf8).accepts(Array(text.utf8)))
        let quoted = [UInt8(ascii: "\"")] + spelling + [UInt8(ascii: "\"")]
        let decoded = try JSONValue.parse(quoted, limits: JSONLimits(depth: 1, values: 1))
        #expect(decoded == .string(text))
        let count = text.unicodeScalars.count
        #expect(try ByteAutomaton.length(count, count, encoding: .jsonString).accepts(spelling))
        #expect(try !ByteAutomaton.length(count + 1, nil, encoding: .jsonString).accepts(spelling))
    }

    @Test(
        "Other spellings of a JSON string's characters are refused",
        arguments: [
            "\"", "\\", "\\/", "\\u0041", "\\u000A", "\\u000a", "\\u001F", "\\u0020", "\\x", "\\ud800", "\\u00", "\t",
            "\n",
        ])
    func otherSpellings(spelling: String) {
        #expect(!ByteAutomaton.anyText(.jsonString).accepts(Array(spelling.utf8)))
    }

    @Test(
        "Bytes that are not UTF-8 are no text",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(!ByteAutomaton.anyText(.utf8).accepts(bytes))
        #expect(!ByteAutomaton.anyText(.jsonString).accepts(bytes))
    }

    @Test("Every scalar is one character")
    func everyScalar() {
        let (utf8, json) = (ByteAutomaton.anyScalar(.utf8), ByteAutomaton.anyScalar(.jsonString))
        var missing: [UInt32] = []
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(scalar)
            if !utf8.accepts(Array(text.utf8)) || !json.accepts(ByteAutomaton.jsonSpelling(of: text)) {
                missing.append(value)
            }
        }
        #expect(missing.isEmpty)
    }
}
