/// A pattern that cannot be used, or a match that ran past a limit.
package struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing went wrong; callers decide by it, people read ``message``.
    package enum Code: String, Sendable {
        /// The pattern does not parse or uses an unsupported construct.
        case invalid
        /// The pattern means something that is not supported. Told apart from ``invalid`` only in ECMA's and Python's
        /// dialects, whose patterns come from requests.
        case unsupported
        /// A named limit (length, nesting, steps, open choices) was reached.
        case limitExceeded
    }

    package let code: Code
    package let message: String
    /// One-based position in the pattern, where there is one.
    package let line: Int?
    package let column: Int?

    package init(_ code: Code, _ message: String, line: Int? = nil, column: Int? = nil) {
        self.code = code
        self.message = message
        self.line = line
        self.column = column
    }

    package var description: String {
        guard let line, let column else { return message }
        return "\(message) (line \(line), column \(column))"
    }
}
