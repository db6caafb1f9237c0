import Foundation
import PinionTerminal
import Testing

/// The corpus that page and terminal share; see `Tests/Fixtures/markdown/README.md`.
@Suite("The corpus of Markdown in a terminal")
struct MarkdownCorpusTests {
    struct Case: Decodable, CustomTestStringConvertible {
        var name: String
        var markdown: String
        var html: String

        var testDescription: String { name }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/markdown")

    private static func cases(_ file: String) -> [Case] {
        do {
            return try JSONDecoder().decode([Case].self, from: Data(contentsOf: folder.appending(path: file)))
        } catch { return [Case(name: "\(file) cannot be read: \(error)", markdown: "", html: "unreadable")] }
    }

    /// Letters and numbers of a text, in order; the terminal adds and leaves out marks and spaces only.
    private static func letters(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    }

    /// The text of HTML as cmark writes it.
    private static func text(ofHTML html: String) -> String {
        var text = ""
        var rest = html[...]
        while let start = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
            text += rest[..<start]
            rest = rest[start...]
            if rest.first == "<" {
                guard let end = rest.firstIndex(of: ">") else { break }
                let tag = rest[..<end]
                // An image's text is its `alt`.
                if let alt = tag.firstRange(of: "alt=\"") {
                    text += tag[alt.upperBound...].prefix { $0 != "\"" }
                }
                rest = rest[rest.index(after: end)...]
            } else {
                guard let end = rest.firstIndex(of: ";") else { break }
                let entities = ["&amp": "&", "&lt": "<", "&gt": ">", "&quot": "\""]
                text += entities[String(rest[..<end])] ?? String(rest[...end])
                rest = rest[rest.index(after: end)...]
            }
        }
        return text + rest
    }

    /// Whether all of `wanted` stands in `found`, in order, with other things between: addresses of links, numbers of
    /// lists, names of controls.
    private static func holds(_ found: [Unicode.Scalar], _ wanted: [Unicode.Scalar]) -> Bool {
        var next = wanted[...]
        for scalar in found where scalar == next.first { next = next.dropFirst() }
        return next.isEmpty
    }

    @Test("No word is lost, whole and cut, in wide and narrow terminals", arguments: cases("cmark.json"))
    func words(item: Case) {
        check(item)
    }

    @Test("No cell of a table is lost", arguments: cases("tables.json"))
    func cells(item: Case) {
        // A cell that is wrapped stands beside the next one, so that the order is not that of the source.
        check(item) { found, wanted in
            let counts = { (scalars: [Unicode.Scalar]) in Dictionary(grouping: scalars) { $0 }.mapValues(\.count) }
            let there = counts(found)
            return counts(wanted).allSatisfy { there[$0.key, default: 0] >= $0.value }
        }
    }

    @Test("No word of HTML and other text that stays as it is is lost", arguments: cases("text.json"))
    func texts(item: Case) {
        check(item)
    }

    private func check(_ item: Case, by holds: ([Unicode.Scalar], [Unicode.Scalar]) -> Bool = Self.holds) {
        // The one tag that the terminal knows, and the page does not: a line's end in a cell.
        let text = Self.text(ofHTML: item.html).replacing("<br>", with: "").replacing("<br/>", with: "")
        let wanted = Self.letters(text)
        for (columns, isStyled) in [(80, false), (12, true)] {
            var whole = MarkdownRenderer(columns: columns, isStyled: isStyled)
            let shown = whole.push(item.markdown) + whole.finish()
            var cut = MarkdownRenderer(columns: columns, isStyled: isStyled)
            let pieces = item.markdown.unicodeScalars.map { cut.push(String($0)) }.joined() + cut.finish()
            #expect(shown == pieces, "the cut makes a difference")
            let text = shown.replacing(/\u{1B}\[[0-9;]*m/, with: "")
            #expect(holds(Self.letters(text), wanted), "\(text)")
            let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control }
            #expect(controls.allSatisfy { $0 == "\n" || $0 == "\t" })
        }
    }
}
