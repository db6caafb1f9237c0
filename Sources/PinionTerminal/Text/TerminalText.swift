/// Texts from outside as a terminal may show them: no character that moves the cursor, commands the terminal or turns
/// the text.
///
///     TerminalText.line("a\u{1B}[2Jb")    // a\u{1B}[2Jb, in one line, as it is written here
package enum TerminalText {
    /// Controls, line ends, format characters and marks of direction stand as `\u{1B}`; an empty text is a dash.
    package static func line(_ text: String) -> String {
        guard !text.isEmpty else { return "-" }
        // Nearly all texts are such, and properties of scalars are slow to find.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            if isHidden(scalar) { line += spelling(scalar) } else { line.unicodeScalars.append(scalar) }
        }
    }

    /// The visible name of a scalar that may not reach a terminal.
    static func spelling(_ scalar: Unicode.Scalar) -> String {
        "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    }

    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
