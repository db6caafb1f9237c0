import PinionTerminal
import Testing

@Suite("Random Markdown in a terminal")
struct MarkdownFuzzTests {
    private static let parts = [
        "*", "**", "_", "`", "``", "```", "~~", "[", "]", "(", ")", "![", "<", ">", "&", "&amp;", "\\", "#", "# ", "- ",
        "1. ", "> ", "|", "|---|", "| a | b |", "\n", "\n\n", "\n", " ", "  ", "    ", "\t", "a", "word", "漢字", "😀",
        "e\u{301}", "\u{1B}[", "\r", "\u{202E}", "http://x", "---", "===", "***", ":", "\"",
    ]

    @Test("A cut makes no difference, no control passes, and no letter is lost", arguments: 0..<40)
    func random(seed: Int) {
        var numbers = Numbers(state: UInt64(seed) &* 7_919 &+ 17)
        for _ in 0..<100 {
            let text = (0..<Int.random(in: 1...30, using: &numbers)).map { _ in
                Self.parts.randomElement(using: &numbers) ?? ""
            }.joined()
            let columns = [3, 10, 40, 80].randomElement(using: &numbers) ?? 80
            let isStyled = Bool.random(using: &numbers)
            var renderer = MarkdownRenderer(columns: columns, isStyled: isStyled)
            let whole = renderer.push(text) + renderer.finish()
            // The renderer is as new after its end.
            var cut = renderer.push("")
            for scalar in text.unicodeScalars { cut += renderer.push(String(scalar)) }
            cut += renderer.finish()
            #expect(whole == cut, "\(text.debugDescription)")
            let shown = whole.replacing(/\u{1B}\[[0-9;]*m/, with: "")
            let controls = shown.unicodeScalars.filter {
                [.control, .format].contains($0.properties.generalCategory) && $0 != "\n" && $0 != "\t"
            }
            #expect(controls.isEmpty, "\(text.debugDescription)")
            for word in ["漢", "字", "😀"] {
                let count = { (text: String) in text.unicodeScalars.count { String($0) == word } }
                #expect(count(shown) >= count(text), "\(text.debugDescription)")
            }
        }
    }
}
