import PinionTerminal
import Testing

@Suite("Text from outside, made safe for a terminal")
struct TextSanitizerTests {
    private static func safe(_ pieces: [String], _ spelling: TextSanitizer.Spelling = .visible) -> String {
        var sanitizer = TextSanitizer(spelling: spelling)
        return pieces.map { sanitizer.push($0) }.joined() + sanitizer.finish()
    }

    private static func isSafe(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar == "\n" || scalar == "\t"
            case .format: scalar == "\u{200D}" || scalar == "\u{200C}"
            case .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }

    private static let sequences = [
        "\u{1B}[31mred\u{1B}[0m", "\u{1B}]0;title\u{07}", "\u{1B}]52;c;aGk=\u{1B}\\", "\u{9B}2J", "\u{9D}0;x\u{9C}",
        "\u{1B}P+q544e\u{1B}\\", "\u{1B}[?1049h", "\u{08}\u{08}\u{7F}", "\u{85}", "\u{202E}gpj.exe\u{202C}",
        "\u{2066}a\u{2069}", "a\u{2028}b\u{2029}", "\u{FEFF}\u{00AD}\u{E0041}", "\u{0E}\u{0F}\u{00}",
    ]

    @Test("No control, mark of direction or separator passes, wherever the pieces are cut", arguments: sequences)
    func hostile(text: String) {
        let scalars = Array(text.unicodeScalars)
        let whole = Self.safe([text])
        #expect(Self.isSafe(whole))
        for cut in 0...scalars.count {
            var (head, tail) = ("", "")
            head.unicodeScalars.append(contentsOf: scalars[..<cut])
            tail.unicodeScalars.append(contentsOf: scalars[cut...])
            #expect(Self.safe([head, tail]) == whole)
        }
        #expect(Self.safe(scalars.map { String($0) }) == whole)
        // Nothing is lost either: each scalar stands there, spelled out or as it is.
        let hidden = scalars.filter { !Self.isSafe(String($0)) }
        for scalar in hidden { #expect(whole.contains("\\u{\(String(scalar.value, radix: 16, uppercase: true))}")) }
    }

    @Test("Ordinary text passes as it is")
    func ordinary() {
        let text = "Ä e\u{301} 漢字\t😀 👩\u{200D}👩\u{200D}👧 می\u{200C}خواهم 🇨🇭\nकि"
        #expect(Self.safe([text]) == text)
        #expect(Self.safe(text.unicodeScalars.map { String($0) }) == text)
    }

    @Test("A line's end of two characters is one, also cut in two, and a lone return is shown")
    func returns() {
        #expect(Self.safe(["a\r\nb"]) == "a\nb")
        #expect(Self.safe(["a\r", "\nb"]) == "a\nb")
        #expect(Self.safe(["a\r", "b\r"]) == "a\\u{D}b\\u{D}")
        #expect(Self.safe(["a\r\r\nb"]) == "a\\u{D}\nb")
    }

    @Test("Marks beyond those that any script needs are replaced")
    func marks() {
        let marks = String(repeating: "\u{301}", count: 30)
        #expect(Self.safe(["a" + marks + "b"]) == "a" + marks + "b")
        let more = Self.safe(["a", marks, "\u{301}\u{316}", "b"])
        #expect(more.unicodeScalars.elementsEqual(("a" + marks + "\u{FFFD}\u{FFFD}b").unicodeScalars))
    }

    @Test("In JSON a control keeps its meaning")
    func json() {
        #expect(Self.safe(["\"\u{7F}\u{202E}\u{E0041}\""], .json) == #""\u007f\u202e\udb40\udc41""#)
        #expect(Self.safe(["{\r}", "\r\n"], .json) == "{\n}\n")
    }

    @Test("A megabyte of marks is made safe in linear time")
    func linear() {
        let clock = ContinuousClock()
        let text = String(repeating: "\u{301}\u{316}", count: 250_000)
        let time = clock.measure { _ = Self.safe(["a" + text]) }
        #expect(time < .seconds(5))
    }
}
