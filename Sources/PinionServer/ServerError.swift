import PinionWire

/// A failure of the server itself, as opposed to a client's mistake, which is an `APIError`.
package struct ServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Two models of one id.
        case duplicateModel
        /// An alias stands for a model that is not served.
        case unknownModel
        /// Another program listens on the port.
        case portInUse
        /// The system keeps the port for the superuser.
        case portForbidden
        /// The address belongs to no interface of this machine.
        case foreignAddress
        /// The name to listen on has no address.
        case unknownHost
        /// The system refused to listen for another reason.
        case cannotListen
        /// No authentication on an address that others reach.
        case unauthenticatedAddress
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
        "\(message)\(cause.map { " (\($0))" } ?? "")"
    }
}
