/// Texts from outside as a terminal may show them: one line, and no character that moves the cursor or turns the text.
package enum TerminalText {
    /// Controls, line ends and marks of direction stand as `\u{1B}`; an empty text is a dash.
    package static func line(_ text: String) -> String {
        guard !text.isEmpty else { return "-" }
        // Nearly all texts are such, and properties of scalars are slow to find.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            if isHidden(scalar) {
                line += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
