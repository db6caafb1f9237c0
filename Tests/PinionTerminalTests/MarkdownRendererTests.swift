import PinionTerminal
import Testing

@Suite("Markdown in a terminal")
struct MarkdownRendererTests {
    private static func plain(_ text: String, columns: Int = 40, pieceLength: Int? = nil) -> String {
        var renderer = MarkdownRenderer(columns: columns, isStyled: false)
        return pieces(of: text, pieceLength).map { renderer.push($0) }.joined() + renderer.finish()
    }

    private static func styled(_ text: String, columns: Int = 40, pieceLength: Int? = nil) -> String {
        var renderer = MarkdownRenderer(columns: columns, isStyled: true)
        let raw = pieces(of: text, pieceLength).map { renderer.push($0) }.joined() + renderer.finish()
        return raw.replacing("\u{1B}[0m", with: "⟧").replacing(/\u{1B}\[0;([0-9;]+)m/) { "⟦\($0.1):" }
    }

    private static func pieces(of text: String, _ length: Int?) -> [String] {
        guard let length else { return [text] }
        let scalars = Array(text.unicodeScalars)
        return stride(from: 0, to: scalars.count, by: length).map { start in
            var piece = ""
            piece.unicodeScalars.append(contentsOf: scalars[start..<min(start + length, scalars.count)])
            return piece
        }
    }

    private static let cases: [(String, String)] = [
        ("a b\nc", "a b c\n"),
        ("one two three four five six seven eight nine", "one two three four five six seven eight\nnine\n"),
        ("a\n\n\n\nb", "a\n\nb\n"),
        ("a  \nb\\\nc<br>d", "a\nb\nc\nd\n"),
        ("# Title #\ntext", "# Title\ntext\n"),
        ("###### C# is\n####### no", "###### C# is\n####### no\n"),
        ("- a\n- b\n  more\n  - c\n\n    d\n- e\n\nf", "- a\n- b more\n  - c\n\n    d\n- e\n\nf\n"),
        ("1. a\n2) b\n10. c", "1. a\n2) b\n10. c\n"),
        (
            "> quoted text that is long enough to be wrapped\nlazy\n> - item\n\nafter",
            "> quoted text that is long enough to be\n> wrapped lazy\n> - item\n\nafter\n"
        ),
        ("```swift\nlet a  = 1\n\n  **b**\n```\nc", "```swift\nlet a  = 1\n\n  **b**\n```\nc\n"),
        ("~~~~\n```\n~~~\n~~~~", "~~~~\n```\n~~~\n~~~~\n"),
        ("- ```\n  code\n  ```\n- b", "- ```\n  code\n  ```\n- b\n"),
        ("    code\n\n    more\n\ntext", "code\n\nmore\n\ntext\n"),
        ("a\n---\nb\n\n***\nc", "a\n---\nb\n\n---\nc\n"),
        ("a [link](http://x/y) b ![i](z.png) [r] [q][r]", "a link (http://x/y) b i (z.png) [r]\n[q][r]\n"),
        (
            "<http://a/b> a<b <i>x</i> &amp; &lt; &nope; &#65; AT&T",
            "http://a/b a<b <i>x</i> & < &nope; A\nAT&T\n"
        ),
        (#"\*a\* \_ \\ \a 2 * 3 * 4 a_b_c"#, "*a* _ \\ \\a 2 * 3 * 4 a_b_c\n"),
        ("| a | b |\n|---|--:|\n| `x` | 1 |\n| long | 22 |\n\nz", "a    |  b\n-----|---\n`x`  |  1\nlong | 22\n\nz\n"),
        ("| no table |\ntext", "| no table |\ntext\n"),
        ("| a |\n| b |", "| a | | b |\n"),
        ("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字、漢字。", "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字\n漢字、漢字。\n"),
        ("", ""), ("\n\n", ""), ("-\n\na", "-\n\na\n"), ("**", "**\n"), ("`", "`\n"), ("[", "[\n"), ("[a](", "[a](\n"),
        ("**a", "**a\n"), ("`a", "`a\n"), ("#", "# \n".replacing(" ", with: "")),
        ("1986. A great year\n2. x", "1986. A great year\n2. x\n"),
        ("The year\n1986. was great", "The year 1986. was great\n"),
    ]

    @Test("Blocks are laid out, however the text is cut", arguments: cases)
    func blocks(text: String, expected: String) {
        #expect(Self.plain(text) == expected)
        for length in 1...5 { #expect(Self.plain(text, pieceLength: length) == expected) }
    }

    private static let looks: [(String, String)] = [
        ("a **b** *c* ***d*** ~~e~~ `f`", "a ⟦1:b⟧ ⟦3:c⟧ ⟦1;3:d⟧ ⟦9:e⟧ ⟦36:f⟧\n"),
        ("**a *b* c** __d__ _e_", "⟦1:a ⟦1;3:b⟦1: c⟧ ⟦1:d⟧ ⟦3:e⟧\n"),
        ("**not closed", "**not closed\n"), ("a*b*c", "a⟦3:b⟧c\n"), ("a_b_c", "a_b_c\n"),
        ("`` a`b `` ` c", "⟦36:a`b⟧ ` c\n"),
        ("[a **b**](u)", "⟦4:a ⟦1;4:b⟦2: (u)⟧\n"),
        ("[http://x](http://x)", "⟦4:http://x⟧\n"),
        ("*a [b*](u)", "*a ⟦4:b*⟦2: (u)⟧\n"),
        ("## T **b**", "⟦1;34:T ⟦1;1;34:b⟧\n"),
        ("- a\n> b", "⟦2:• ⟧a\n⟦2:│ ⟧b\n"),
        ("```\nx\n```", "⟦2:```⟧\n⟦36:x⟧\n⟦2:```⟧\n"),
    ]

    @Test("Marks become styles where they are closed, and stay where they are not", arguments: looks)
    func styles(text: String, expected: String) {
        #expect(Self.styled(text) == expected)
        for length in 1...4 { #expect(Self.styled(text, pieceLength: length) == expected) }
    }

    @Test("Text is shown before its paragraph ends")
    func streams() {
        var renderer = MarkdownRenderer(columns: 80, isStyled: false)
        var shown = ""
        for word in ["Hello", " there", ", this", " is"] { shown += renderer.push(word) }
        #expect(shown == "Hello there, this")
        #expect(renderer.push("\n\n```\nfn") == " is\n\n```\nfn")
        #expect(renderer.push(" main") == " main")
    }

    @Test("A mark that nothing closes holds the text for two lines at most, and a link for its address")
    func patience() {
        for (mark, bound) in [("*", 280), ("_", 280), ("`", 280), ("[", 1_160)] {
            var renderer = MarkdownRenderer(columns: 80, isStyled: true)
            var (sent, shown) = ("a " + mark, renderer.push("a " + mark))
            while !shown.contains("word"), sent.utf8.count < 2_000 {
                sent += "word "
                shown += renderer.push("word ")
            }
            #expect(sent.utf8.count <= bound, "\(mark)")
        }
        var renderer = MarkdownRenderer(columns: 800, isStyled: true)
        let address = "http://x/" + String(repeating: "y", count: 900)
        let shown = renderer.push("[t](\(address)) ") + renderer.push(String(repeating: "word ", count: 26))
        #expect(shown.contains("\u{1B}[0;4mt"))
    }

    @Test("No line is wider than the terminal, and no word is lost", arguments: [4, 9, 20, 40, 120])
    func widths(columns: Int) {
        let text = """
            # A heading with some words in it

            Text with 漢字 and 😀 emoji, **bold words that go on and on**, `code` and a [link](https://example.org/path).

            - item one is longer than a narrow terminal
              1. nested 漢字漢字漢字漢字
            > quote of several words

            | name | value of the column |
            |---|:-:|
            | first | a cell with several words |
            """
        let out = Self.plain(text, columns: columns, pieceLength: 3)
        for line in out.split(separator: "\n") where columns >= 20 {
            #expect(DisplayWidth.of(line) <= columns, "\(line)")
        }
        // Breaks may stand within words of a narrow terminal, so that letters are compared.
        let letters = { (text: String) in text.filter { $0.isLetter || $0.isNumber } }
        #expect(letters(out).count >= letters(text).count - 3)
    }

    @Test("Controls never pass, in text, code, tables, addresses and by their numbers")
    func hostile() {
        let text =
            "a\u{1B}[31m **\u{9B}2J**\n```\u{1B}]0;x\u{07}\n\u{1B}c\n```\n| \u{1B} |\n|---|\n| \u{202E} |\n\n"
            + "[x](http://\u{1B}[2J) &#27;[31m &#x9b; &#x202e;\u{2028}\r"
        for length in [1, 2, 7] {
            let out = Self.plain(text, pieceLength: length)
            #expect(
                out.unicodeScalars.allSatisfy { scalar in
                    scalar == "\n" || ![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory)
                })
            #expect(out.contains("\\u{1B}") && out.contains("\\u{9B}") && out.contains("\\u{202E}"))
        }
    }

    private static let floodUnits = [
        "**a ", "[a](b ", "`a ``b ", "- ", "> ", "#", "|a", "| a |\n", "*", "<a", "&a", " ", "1. ", "a", "漢", "\\",
        "![", "]( ", "_a*b ", "~~ ~", "a\u{301}", "```\n", "-\n", "   \n", "| a |\n|---|\n",
    ]

    @Test("Two megabytes of opened marks take linear time and little memory", arguments: floodUnits)
    func floods(unit: String) {
        let text = String(repeating: unit, count: 2_000_000 / unit.utf8.count)
        let clock = ContinuousClock()
        var renderer = MarkdownRenderer(columns: 80, isStyled: true)
        var bytes = 0
        let time = clock.measure {
            for start in stride(from: 0, to: text.utf8.count, by: 64 * unit.utf8.count) {
                let from = text.utf8.index(text.utf8.startIndex, offsetBy: start)
                let to = text.utf8.index(from, offsetBy: 64 * unit.utf8.count, limitedBy: text.utf8.endIndex)
                bytes += renderer.push(String(text[from..<(to ?? text.utf8.endIndex)])).utf8.count
            }
            bytes += renderer.finish().utf8.count
        }
        #expect(time < .seconds(30), "\(unit)")
        #expect(bytes > 0 || unit == "   \n" || unit == " ")
    }
}
