/// A tokenizer that cannot be made, or a text that was left before its end.
package struct TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing went wrong; callers decide by it, people read ``message``.
    package enum Code: String, Sendable {
        /// The description contradicts itself or names an unsupported kind.
        case invalid
        /// The owner of the work has ended it; see ``EncodingMeter``.
        case abandoned
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = Self.oneLine(message)
    }

    package var description: String { message }

    /// Longest message, in scalars: the names of all pre-tokenizers fit.
    private static let maximumLength = 1_600

    /// Texts of a file may hold anything; a message is one line, and not as long as the file.
    private static func oneLine(_ message: String) -> String {
        let scalars = message.unicodeScalars
        guard scalars.count > maximumLength || scalars.contains(where: isControl) else { return message }
        var line = String.UnicodeScalarView()
        for scalar in scalars.prefix(maximumLength) { line.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(line)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }
}
