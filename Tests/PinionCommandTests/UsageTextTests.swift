import PinionCommand
import PinionTerminal
import Testing

@Suite("What reports of usage print")
struct UsageTextTests {
    @Test("Cells are quoted where RFC 4180 asks for it")
    func quoting() {
        #expect(CSVText.line(["a", "", "b c"], texts: 3) == "a,,b c\r\n")
        #expect(
            CSVText.line(["a,b", "say \"hi\"", "two\nlines", "\r"], texts: 0)
                == "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\r\"\r\n")
        #expect(CSVText.line(["e\u{301},", "a\r\nb"], texts: 2) == "\"e\u{301},\",\"a\r\nb\"\r\n")
    }

    @Test(
        "No text from outside is a formula in a spreadsheet, and numbers stay numbers",
        arguments: ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\",\"y\")"])
    func formulas(text: String) {
        let line = CSVText.line([text, "-5", "0.50"], texts: 1)
        #expect(line.hasPrefix("'") || line.hasPrefix("\"'"))
        #expect(line.hasSuffix(",-5,0.50\r\n"))
        #expect(CSVText.line(["a=1", "1-2"], texts: 2) == "a=1,1-2\r\n")
    }

    @Test("Money has all of its digits, and two behind the point at least")
    func money() {
        let expected = [
            0: "0.00", 1: "0.000000001", 1_000: "0.000001", 10_000_000: "0.01", 1_500_000_000: "1.50",
            12_000_000_000: "12.00", 1_234_567_891: "1.234567891", 1 << 53: "9007199.254740992",
            .max: "9223372036.854775807", .min: "-9223372036.854775808", -5: "-0.000000005",
        ]
        for (nanoUnits, text) in expected { #expect(Money.text(nanoUnits) == text) }
    }

    @Test("A terminal is shown one line, which moves no cursor and turns no text")
    func terminal() {
        #expect(TerminalText.line("plain é e\u{301} 漢字 😀") == "plain é e\u{301} 漢字 😀")
        #expect(TerminalText.line("") == "-")
        #expect(TerminalText.line("a\u{1B}[2Jb\0\n\r") == "a\\u{1B}[2Jb\\u{0}\\u{A}\\u{D}")
        #expect(TerminalText.line("\u{202E}x\u{2028}\u{85}") == "\\u{202E}x\\u{2028}\\u{85}")
    }
}
