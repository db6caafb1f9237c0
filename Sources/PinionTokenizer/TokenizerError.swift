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
        self.message = message
    }

    package var description: String { message }
}
