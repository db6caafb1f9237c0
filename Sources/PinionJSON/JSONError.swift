/// Why a text is not JSON, or not JSON that its reader takes.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// There is nothing but white space.
        case empty
        /// The text breaks the grammar of RFC 8259, or is not UTF-8.
        case syntax
        /// An object holds one name twice.
        case duplicateName
        /// The text is deeper, longer or larger than its reader's ``JSONLimits``, or a number is beyond a double.
        case limit
        /// The text is JSON of another shape than its reader asked for.
        case type
    }

    package let code: Code
    /// A clause without a full stop that says what was found and what was expected.
    package let message: String
    /// Where, in bytes from the start of the text.
    package let offset: Int

    package init(_ code: Code, _ message: String, offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    package var description: String { "\(message) (at byte \(offset))" }
}
