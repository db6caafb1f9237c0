/// Draws the text that is being written, and draws it anew where it stood.
///
/// It remembers the rows that it drew, because the terminal does not say where its cursor is. Text taller than the
/// screen is shown as the part around the cursor.
package struct EditorScreen: Sendable {
    private static let clearBelow = "\u{1B}[J"
    private static let clearRight = "\u{1B}[K"

    /// What stands before the text.
    package var prompt: StyledText
    package var continuation = "… "
    package var columns: Int
    package var lines: Int
    private let isStyled: Bool
    /// What stands on the screen; nil for nothing.
    private var drawn: (layout: EditorLayout, first: Int, last: Int)?

    package init(prompt: StyledText, columns: Int, lines: Int, isStyled: Bool) {
        (self.prompt, self.columns, self.lines, self.isStyled) = (prompt, columns, lines, isStyled)
    }

    /// What the terminal is to be sent so that it shows the editor's text and cursor.
    package mutating func draw(_ editor: LineEditor) -> String {
        let layout = layout(of: editor)
        let shown = window(layout)
        var output = home()
        for row in shown {
            if row > shown.lowerBound { output += Self.clearRight + "\r\n" }
            output += text(of: layout, row)
        }
        output += Self.clearBelow
        output += Self.up(shown.upperBound - 1 - layout.cursorRow) + "\r" + Self.right(layout.cursorColumn)
        drawn = (layout, shown.lowerBound, shown.upperBound - 1)
        return output
    }

    /// Puts the cursor below the text, which stays on the screen.
    package mutating func leave() -> String {
        guard let drawn else { return "" }
        self.drawn = nil
        let down = drawn.last - drawn.layout.cursorRow
        return (down > 0 ? "\u{1B}[\(down)B" : "") + "\r\n"
    }

    /// Takes the text from the screen, with the cursor where it began.
    package mutating func erase() -> String {
        let output = home() + Self.clearBelow
        drawn = nil
        return output
    }

    /// Says that nothing of what was drawn is on the screen any more.
    package mutating func forget() {
        drawn = nil
    }

    private func layout(of editor: LineEditor) -> EditorLayout {
        guard let search = editor.search else {
            return EditorLayout(
                prompt: prompt.text, continuation: continuation, text: editor.characters, cursor: editor.cursor,
                columns: columns)
        }
        return EditorLayout(
            prompt: "search '\(TerminalText.line(search.pattern))': ", continuation: continuation,
            text: editor.characters, cursor: editor.characters.count, columns: columns)
    }

    /// The rows around the cursor that the screen has room for.
    private func window(_ layout: EditorLayout) -> Range<Int> {
        let count = max(layout.rows.count, layout.cursorRow + 1)
        let room = max(1, lines)
        guard count > room else { return 0..<count }
        let first = min(max(0, layout.cursorRow - room + 1 + (room > 2 ? 1 : 0)), count - room)
        return first..<first + room
    }

    private func text(of layout: EditorLayout, _ row: Int) -> String {
        guard row < layout.rows.count else { return "" }
        let text = layout.rows[row]
        guard row == 0, isStyled, text.hasPrefix(prompt.text) else { return text }
        return prompt.style.styling(prompt.text, if: isStyled) + text.dropFirst(prompt.text.count)
    }

    /// Goes to where the first row was drawn. Nothing is cleared there: tmux keeps what is cleared from a screen's first
    /// cell on in its history, where it would stand once for each key.
    ///
    /// A terminal that was made narrower has wrapped the rows that no longer fit, so that more of them lie above.
    private func home() -> String {
        guard let drawn else { return "\r" }
        let layout = drawn.layout
        var above = 0
        for row in drawn.first..<min(layout.cursorRow, layout.widths.count) {
            above += max(1, (layout.widths[row] + columns - 1) / max(1, columns))
        }
        above += layout.cursorColumn / max(1, columns)
        return Self.up(min(above, max(0, lines - 1))) + "\r"
    }

    private static func up(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)A" : "" }

    private static func right(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)C" : "" }
}
