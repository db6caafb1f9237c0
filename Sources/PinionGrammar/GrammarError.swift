/// Why a schema, pattern or grammar cannot be enforced.
package struct GrammarError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The text breaks the rules of its own language.
        case invalid
        /// The text asserts what cannot be enforced for every token.
        case unsupported
        /// Nothing can satisfy it.
        case unsatisfiable
        /// A limit of ``GrammarLimits`` was reached.
        case limit
        /// Whoever asked for it has left.
        case cancelled
    }

    package let code: Code
    /// A clause without a full stop that says what was found and what is expected.
    package let message: String
    /// Where in a schema, as a JSON pointer (RFC 6901); nil for other texts. Empty for the schema itself.
    package let pointer: String?
    /// Which of several schemas, where a grammar is made of them.
    package var part: Int?

    package init(_ code: Code, _ message: String, pointer: String? = nil) {
        self.code = code
        self.message = message
        self.pointer = pointer
    }

    package var description: String { pointer.map { "\(message) (at '\($0)')" } ?? message }
}
