/// Writes tables as RFC 4180 has them: lines end with CR LF, and cells with commas, quotes or line ends are quoted.
package enum CSVText {
    private static let special: Set<UInt8> = [
        UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n"),
    ]
    /// What spreadsheets take for the beginning of a formula.
    private static let formulaMarks: Set<UInt8> = [
        UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), UInt8(ascii: "\t"),
        UInt8(ascii: "\r"),
    ]

    /// - Parameter texts: The number of cells, from the first, whose text a client chose. Where such a cell would be a
    ///   formula, an apostrophe is written before it, so that no client can have a spreadsheet compute something.
    package static func line(_ cells: [String], texts: Int) -> String {
        cells.enumerated().map { index, cell in
            let isFormula = index < texts && cell.utf8.first.map { formulaMarks.contains($0) } ?? false
            return quoted(isFormula ? "'" + cell : cell)
        }
        .joined(separator: ",") + "\r\n"
    }

    private static func quoted(_ cell: String) -> String {
        guard cell.utf8.contains(where: { special.contains($0) }) else { return cell }
        var bytes = [UInt8(ascii: "\"")]
        for byte in cell.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }
}
