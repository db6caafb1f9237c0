/// Makes a text that comes in pieces safe for a terminal.
///
///     var sanitizer = TextSanitizer()
///     sanitizer.push("a\u{1B}")    // "a\u{1B}", the escape spelled out
///     sanitizer.push("[31mb")      // "[31mb"
///
/// Every scalar that could command a terminal (C0 and C1 controls, DEL), turn the text (marks of direction) or hide in
/// it (other format characters, line and paragraph separators) is spelled out by itself. A sequence of controls is not
/// recognised as a whole: without its first scalar the rest of it is text, so that no cut between pieces can bring one
/// through. Newlines and tabs pass, and so do the joiners that emoji, Arabic and Indic scripts are written with.
///
/// More than ``maximumMarks`` marks in a row become replacement characters: terminals keep them all in one cell.
package struct TextSanitizer: Sendable {
    /// How hidden scalars are spelled.
    package enum Spelling: Sendable {
        /// `\u{1B}`, for people.
        case visible
        /// `\u001b`, which in a string of JSON means the same as the scalar.
        case json
    }

    /// Marks after one character: UAX #15 says of its stream-safe format that no script needs as many.
    package static let maximumMarks = 30
    private static let joiners: ClosedRange<UInt32> = 0x200C...0x200D
    private static let replacement: Unicode.Scalar = "\u{FFFD}"

    private let spelling: Spelling
    /// Whether the last piece ended with a carriage return, which a line feed may follow.
    private var hasReturn = false
    private var marks = 0

    package init(spelling: Spelling = .visible) {
        self.spelling = spelling
    }

    /// - Complexity: Linear in the piece.
    package mutating func push(_ piece: String) -> String {
        // Nothing that is hidden or a mark is ASCII from space to tilde.
        if !hasReturn, piece.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A }) {
            if !piece.isEmpty { marks = 0 }
            return piece
        }
        var safe = ""
        safe.reserveCapacity(piece.utf8.count)
        for scalar in piece.unicodeScalars { append(scalar, to: &safe) }
        return safe
    }

    /// What was held back for a piece that might follow.
    package mutating func finish() -> String {
        defer { hasReturn = false }
        return hasReturn ? spelled("\r") : ""
    }

    private mutating func append(_ scalar: Unicode.Scalar, to safe: inout String) {
        if hasReturn {
            hasReturn = false
            // A line's end of two characters is one line's end.
            if scalar != "\n" { safe += spelled("\r") }
        }
        switch scalar {
        case "\n", "\t":
            marks = 0
            safe.unicodeScalars.append(scalar)
        case "\r":
            hasReturn = true
        default:
            if DisplayWidth.joinsCharacterBefore(scalar) {
                marks += 1
            } else {
                marks = 0
            }
            if Self.joiners.contains(scalar.value), marks <= Self.maximumMarks {
                safe.unicodeScalars.append(scalar)
            } else if TerminalText.isHidden(scalar) {
                safe += spelled(scalar)
            } else {
                safe.unicodeScalars.append(marks > Self.maximumMarks ? Self.replacement : scalar)
            }
        }
    }

    private func spelled(_ scalar: Unicode.Scalar) -> String {
        switch spelling {
        case .visible: TerminalText.spelling(scalar)
        case .json:
            // It can stand between values only, where a line's end means the same.
            scalar == "\r"
                ? "\n"
                : scalar.utf16.map { unit in
                    let digits = String(unit, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }.joined()
        }
    }
}
