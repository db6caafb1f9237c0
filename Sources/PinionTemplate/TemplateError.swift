/// A chat template that cannot be used, or one that ran past a limit.
package struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing went wrong; callers decide by it, people read ``message``.
    package enum Code: String, Sendable {
        /// The template does not parse; ``TemplateError/line`` and ``TemplateError/column`` say where.
        case syntax
        /// The template failed while it was rendered (wrong type, unknown filter, missing value).
        case runtime
        /// The template called `raise_exception`: ``TemplateError/message`` is its own text, meant for the requester.
        case raised
        /// A named limit (depth, steps, output size) was reached.
        case limitExceeded
        /// The owner of the work has ended it; see ``RenderMeter``.
        case abandoned
    }

    package let code: Code
    package let message: String
    /// One-based position in the template, where there is one.
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
