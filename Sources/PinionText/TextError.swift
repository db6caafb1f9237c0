/// A failure of the text layer: a tokenizer, pattern or chat template that cannot be used, or one that ran past a limit.
package struct TextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing went wrong; callers decide by it, people read ``message``.
    package enum Code: String, Sendable {
        /// The tokenizer's description contradicts itself or names an unsupported kind.
        case invalidTokenizer
        /// A regular expression does not parse or uses an unsupported construct.
        case invalidPattern
        /// A chat template does not parse; ``TextError/line`` and ``TextError/column`` say where.
        case templateSyntax
        /// A chat template failed while it was rendered (wrong type, unknown filter, missing value).
        case templateRuntime
        /// The template called `raise_exception`: ``TextError/message`` is its own text, meant for the requester.
        case templateRaised
        /// A named limit (depth, steps, output size) was reached.
        case limitExceeded
        /// Whoever asked for the work has ended it; see ``WorkMeter``.
        case abandoned
    }

    package let code: Code
    package let message: String
    /// One-based position in the template or pattern, where there is one.
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
