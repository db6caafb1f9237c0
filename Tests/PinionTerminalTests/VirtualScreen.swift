import PinionTerminal

/// A terminal in memory: what its cells show after it was sent a text.
///
/// It knows the sequences that the product sends, and stops the test at any other.
struct VirtualScreen {
    private(set) var cells: [[Character?]]
    private(set) var row = 0
    private(set) var column = 0
    /// Whether the last cell of a line was written: the next character goes to the next line.
    private var isPending = false
    let columns: Int
    let lines: Int
    /// Sequences that it does not know.
    private(set) var strange: [String] = []

    init(columns: Int, lines: Int) {
        (self.columns, self.lines) = (columns, lines)
        cells = Array(repeating: Array(repeating: nil, count: columns), count: lines)
    }

    /// The lines without the spaces at their ends, and without empty ones at the end.
    var text: [String] {
        var rows = cells.map { row in
            var line = ""
            var index = 0
            while index < row.count {
                let character = row[index] ?? " "
                line.append(character)
                index += max(1, DisplayWidth.of(character))
            }
            while line.last == " " { line.removeLast() }
            return line
        }
        while rows.last == "" { rows.removeLast() }
        return rows
    }

    mutating func send(_ text: String) {
        var rest = Substring(text)
        while let character = rest.first {
            if character == "\u{1B}" {
                sequence(&rest)
                continue
            }
            rest.removeFirst()
            switch character {
            case "\r": (column, isPending) = (0, false)
            case "\n": newLine()
            // The terminal's driver writes a return before each line feed.
            case "\r\n":
                column = 0
                newLine()
            default: put(character)
            }
        }
    }

    private mutating func put(_ character: Character) {
        let width = DisplayWidth.of(character)
        if isPending || column + width > columns {
            column = 0
            newLine()
        }
        cells[row][column] = character
        if width == 2, column + 1 < columns { cells[row][column + 1] = nil }
        column += width
        if column >= columns { (column, isPending) = (columns - 1, true) }
    }

    private mutating func newLine() {
        isPending = false
        if row + 1 < lines {
            row += 1
        } else {
            cells.removeFirst()
            cells.append(Array(repeating: nil, count: columns))
        }
    }

    private mutating func sequence(_ rest: inout Substring) {
        rest.removeFirst()
        guard rest.first == "[" else { return strange.append(String(rest.prefix(3))) }
        rest.removeFirst()
        let parameters = rest.prefix { $0.isNumber || $0 == ";" || $0 == "?" }
        rest.removeFirst(parameters.count)
        guard let final = rest.popFirst() else { return strange.append("cut") }
        let count = Int(parameters) ?? 1
        isPending = final == "m" ? isPending : false
        switch final {
        case "A": row = max(0, row - count)
        case "B": row = min(lines - 1, row + count)
        case "C": column = min(columns - 1, column + count)
        case "J":
            for index in column..<columns { cells[row][index] = nil }
            for below in (row + 1)..<max(row + 1, lines) {
                cells[below] = Array(repeating: nil, count: columns)
            }
        case "K": for index in column..<columns { cells[row][index] = nil }
        case "m": break
        default: strange.append("[\(parameters)\(final)")
        }
    }
}
