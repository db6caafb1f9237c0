/// Rows in aligned columns.
struct Table {
    private static let gap: [UInt8] = Array("  ".utf8)

    let header: [String]
    let rows: [[String]]

    /// Writes all lines at once: a report may have a hundred thousand.
    func print() {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { Self.width(of: $0[column]) }.max() ?? 0 }
        var text: [UInt8] = []
        text.reserveCapacity(all.count * (widths.reduce(0, +) + Self.gap.count * widths.count + 1))
        for row in all { Self.append(row, widths, to: &text) }
        Console.text(text)
    }

    /// Adds a line, without white space at its end.
    private static func append(_ row: [String], _ widths: [Int], to text: inout [UInt8]) {
        // Where the padding behind the last cell that is not empty begins.
        var end = text.count
        for (cell, width) in zip(row, widths) {
            text += cell.utf8
            if !cell.isEmpty { end = text.count }
            for _ in 0..<width - Self.width(of: cell) { text.append(UInt8(ascii: " ")) }
            text += gap
        }
        text.removeSubrange(end...)
        text.append(UInt8(ascii: "\n"))
    }

    /// Characters. Nearly all cells are ASCII, whose bytes are counted instead.
    private static func width(of cell: String) -> Int {
        cell.utf8.allSatisfy { $0 < 0x80 } ? cell.utf8.count : cell.count
    }
}
