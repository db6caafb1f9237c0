/// A failure of the server itself, as opposed to a client's mistake, which is an `APIError`.
package struct ServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Two models of one id.
        case duplicateModel
        /// No authentication on an address that others reach.
        case unauthenticatedAddress
        /// A generator broke the order that `TextEvent` promises.
        case brokenEventOrder
    }

    package var code: Code
    package var message: String
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        "\(code.rawValue): \(message)\(cause.map { " (\($0))" } ?? "")"
    }
}
