/// Rows in aligned columns.
struct Table {
    let header: [String]
    let rows: [[String]]

    func print() {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let line = cells.joined(separator: "  ")
            Console.line(String(line.reversed().drop { $0 == " " }.reversed()))
        }
    }
}
