import PinionTerminal
import Testing

@Suite("Cells of a terminal")
struct DisplayWidthTests {
    @Test(
        "A character takes the cells that terminals give it",
        arguments: [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("漢", 2), ("한", 2), ("ｱ", 1), ("Ａ", 2), ("。", 2), ("😀", 2), ("👍🏽", 2),
            ("👩\u{200D}👩\u{200D}👧", 2), ("🇨🇭", 2), ("❤\u{FE0F}", 2), ("❤", 1), ("\u{200D}", 0), ("\u{301}", 0), ("", 0),
            ("→", 1), ("│", 1), ("🫠", 2), ("\u{1F6DC}", 2), ("한국어 a", 8),
        ])
    func widths(text: String, cells: Int) {
        #expect(DisplayWidth.of(text) == cells)
    }
}
