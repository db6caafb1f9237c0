/// Where the characters of a text stand on a screen: rows, and the cursor among them.
///
/// No row is as wide as the screen: terminals differ in where the cursor is behind a last column.
package struct EditorLayout: Sendable, Equatable {
    package var rows: [String] = [""]
    /// Cells that each row takes.
    package var widths: [Int] = [0]
    package var cursorRow = 0
    package var cursorColumn = 0

    /// Cells from one tab stop to the next.
    private static let tabStop = 4
    /// Narrower screens are taken to have so many columns: a wide character needs two, and one is left free.
    private static let minimumColumns = 4

    /// - Parameters:
    ///   - prompt: What stands before the text.
    ///   - continuation: What stands before further lines of the text.
    ///   - cursor: Characters before the cursor.
    package init(prompt: String, continuation: String, text: [Character], cursor: Int, columns: Int) {
        let room = max(columns, Self.minimumColumns) - 1
        prompt.forEach { append($0, room) }
        for (index, character) in text.enumerated() {
            if index == cursor { markCursor(before: character, room) }
            if character == "\n" {
                newRow()
                continuation.forEach { append($0, room) }
            } else if character == "\t" {
                let stop = (widths[widths.count - 1] / Self.tabStop + 1) * Self.tabStop
                for _ in widths[widths.count - 1]..<stop { append(" ", room) }
            } else {
                append(character, room)
            }
        }
        if cursor >= text.count { markCursor(before: nil, room) }
    }

    private mutating func markCursor(before character: Character?, _ room: Int) {
        let width = character.map { $0 == "\n" || $0 == "\t" ? 1 : max(1, DisplayWidth.of($0)) } ?? 1
        // A row that is full shows the cursor behind its last cell, which is free.
        if widths[widths.count - 1] + width > room, character != nil, character != "\n" {
            (cursorRow, cursorColumn) = (rows.count, 0)
        } else {
            (cursorRow, cursorColumn) = (rows.count - 1, widths[widths.count - 1])
        }
    }

    private mutating func append(_ character: Character, _ room: Int) {
        let scalars = character.unicodeScalars
        // A pasted mark of direction would turn what stands around it.
        let isUnsafe = scalars.contains { TerminalText.isHidden($0) && $0.value != 0x200D && $0.value != 0x200C }
        let shown = isUnsafe ? "\u{FFFD}" : character
        let width = DisplayWidth.of(shown)
        if widths[widths.count - 1] + width > room { newRow() }
        rows[rows.count - 1].append(shown)
        widths[widths.count - 1] += width
    }

    private mutating func newRow() {
        rows.append("")
        widths.append(0)
    }
}
