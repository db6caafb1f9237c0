/// A table of Markdown, laid out for a terminal's width.
///
/// Columns are as wide as their widest cell; where they do not fit, the widest give way first and their cells are
/// wrapped. Rows that come after ``fix(columns:)`` keep the widths of those before.
struct MarkdownTable: Sendable {
    enum Alignment: Sendable { case left, right, centre }

    /// Bytes and rows that are held to find the widths of columns; those after them are shown as they come.
    static let maximumHeldBytes = 64 << 10
    static let maximumHeldRows = 200
    /// Cells that a column keeps when the table is too wide.
    private static let minimumWidth = 4

    private(set) var alignments: [Alignment]
    private(set) var rows: [[String]] = []
    private(set) var heldBytes = 0
    private var widths: [Int]?
    private var isHeaderShown = false

    /// Nil when the second line does not have the marks of a table's, or another number of cells.
    init?(header: String, marks: String) {
        let headings = Self.cells(header)
        let marks = Self.cells(marks)
        guard marks.count == headings.count else { return nil }
        var alignments: [Alignment] = []
        for mark in marks {
            let dashes = mark.drop { $0 == ":" }.reversed().drop { $0 == ":" }
            guard !dashes.isEmpty, dashes.allSatisfy({ $0 == "-" }), mark.utf8.count - dashes.count <= 2 else {
                return nil
            }
            let isRight = mark.hasSuffix(":")
            alignments.append(isRight ? mark.hasPrefix(":") ? .centre : .right : .left)
        }
        self.alignments = alignments
        rows = [headings]
    }

    /// The cells of a line; `\|` is a character of a cell.
    static func cells(_ line: String) -> [String] {
        var cells: [String] = []
        var cell: [UInt8] = []
        var isEscaped = false
        let bytes = Array(line.utf8)
        let first = bytes.first == UInt8(ascii: "|") ? 1 : 0
        for byte in bytes.dropFirst(first) {
            if byte == UInt8(ascii: "|"), !isEscaped {
                cells.append(trimmed(cell))
                cell = []
            } else {
                if byte == UInt8(ascii: "|") { cell.removeLast() }
                cell.append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        if !trimmed(cell).isEmpty { cells.append(trimmed(cell)) }
        return cells
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return String(decoding: bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed(), as: UTF8.self)
    }

    /// Adds a row; cells beyond those of the header join the last, so that none is lost.
    mutating func add(_ line: String) {
        var cells = Self.cells(line)
        if cells.count > alignments.count {
            let rest = cells[(alignments.count - 1)...].joined(separator: " ")
            cells = cells[..<(alignments.count - 1)] + [rest]
        }
        rows.append(cells + Array(repeating: "", count: alignments.count - cells.count))
        heldBytes += line.utf8.count
    }

    /// Whether rows are to be shown before the table has ended.
    var isFull: Bool { widths != nil || heldBytes > Self.maximumHeldBytes || rows.count > Self.maximumHeldRows }

    /// The lines of the rows that were not shown yet.
    ///
    /// - Parameter columns: Cells that a line may take.
    mutating func show(columns: Int, isStyled: Bool) -> [StyledLine] {
        let read = rows.map { $0.map { MarkdownInline.read($0, isStyled: isStyled) } }
        let widths = self.widths ?? Self.widths(of: read, columns: columns, isStyled: isStyled)
        self.widths = widths
        var lines: [StyledLine] = []
        for row in read {
            let isHeader = !isHeaderShown
            lines += self.lines(of: row, widths, isHeader: isHeader, isStyled: isStyled)
            if isHeader {
                let rule = widths.map { String(repeating: isStyled ? "─" : "-", count: $0) }
                lines.append([StyledText(rule.joined(separator: isStyled ? "─┼─" : "-|-"), .dim)])
            }
            isHeaderShown = true
        }
        rows = []
        heldBytes = 0
        return lines
    }

    private static func widths(of rows: [[[StyledText]]], columns: Int, isStyled: Bool) -> [Int] {
        var widths = Array(repeating: 1, count: rows.first?.count ?? 0)
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count {
                // As text and not as laid out: a break within a cell makes it narrower, which is no harm.
                widths[column] = max(widths[column], cell.reduce(0) { $0 + DisplayWidth.of($1.text) })
            }
        }
        let room = max(columns - 3 * max(0, widths.count - 1), widths.count * minimumWidth)
        // Lowers the widest to what fits, instead of one cell at a time: a cell may be as long as a row.
        var open = widths.indices.sorted { widths[$0] < widths[$1] }
        var left = room
        var share = open.count
        while let column = open.first {
            open.removeFirst()
            widths[column] = min(widths[column], max(left / share, 1))
            left -= widths[column]
            share -= 1
        }
        return widths
    }

    private func lines(
        of row: [[StyledText]], _ widths: [Int], isHeader: Bool, isStyled: Bool
    ) -> [StyledLine] {
        let cells = row.enumerated().map { column, cell in
            Self.wrapped(cell, width: widths[column], style: isHeader ? .bold : [])
        }
        return (0..<(cells.map(\.count).max() ?? 0)).map { index in
            var line: StyledLine = []
            for (column, cell) in cells.enumerated() {
                if column > 0 { line.append(StyledText(isStyled ? " │ " : " | ", .dim)) }
                let text = index < cell.count ? cell[index] : []
                let gap = max(0, widths[column] - text.reduce(0) { $0 + DisplayWidth.of($1.text) })
                let before = alignments[column] == .right ? gap : alignments[column] == .centre ? gap / 2 : 0
                line.append(StyledText(String(repeating: " ", count: before)))
                line += text
                let isLast = column == cells.count - 1
                if !isLast { line.append(StyledText(String(repeating: " ", count: gap - before))) }
            }
            return line
        }
    }

    /// A cell's lines, each with the styles of its pieces.
    private static func wrapped(_ cell: [StyledText], width: Int, style: TextStyle) -> [StyledLine] {
        var lines: [StyledLine] = [[]]
        var column = 0
        for piece in cell {
            let look = piece.style.union(style)
            for (index, word) in piece.text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
                if index > 0, column > 0 {
                    if column + 1 + DisplayWidth.of(word) > width {
                        lines.append([])
                        column = 0
                    } else {
                        lines[lines.count - 1].append(StyledText(" ", look))
                        column += 1
                    }
                }
                for character in word {
                    let cells = DisplayWidth.of(character)
                    if character == "\n" || (column > 0 && column + cells > width) {
                        lines.append([])
                        column = 0
                    }
                    if character == "\n" { continue }
                    lines[lines.count - 1].append(StyledText(String(character), look))
                    column += cells
                }
            }
        }
        return lines
    }
}

/// A line that is laid out already.
typealias StyledLine = [StyledText]
