import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import PinionWire
import TextGeneration

/// What the server adds to the errors of the contract's table.
extension APIError {
    private static func invalidRequest(_ status: Int, _ message: String) -> APIError {
        APIError(status: status, message: message, type: "invalid_request_error")
    }

    static let foreignSite = invalidRequest(
        403,
        "This request comes from a page of another site, and this server asks for no API key. Serve the page from the "
            + "address of the server itself, or start the server with API keys.")
    static let missingContentType = invalidRequest(
        400,
        "The request has no Content-Type. A server that asks for no API key takes 'application/json' only; set the "
            + "Content-Type header to it.")
    static let notHTTP = invalidRequest(400, "The request is not valid HTTP/1.1.")
    static let headerTooLarge = invalidRequest(
        431, "The header fields of the request are larger than this server takes.")
    static let bodyTimeout = invalidRequest(408, "The request body took too long to arrive.")
    /// Read by nobody: the status that logs use for a client that left.
    static let clientClosed = invalidRequest(499, "The client closed the connection.")

    /// The status for a request that reached the wrong server: clients do not repeat it.
    static func wrongHost(_ host: String) -> APIError {
        invalidRequest(
            421,
            "This server does not answer for the host \(quoted(host)). Use the address it "
                + "listens on, or add the name to its allowed hosts.")
    }

    static func unsupportedContentType(_ type: String) -> APIError {
        invalidRequest(
            400,
            "Unsupported content type: '\(quoted(type))'. This API takes "
                + "'application/json' only; set the Content-Type header to it.")
    }

    /// Seconds after which a client may send its body again: about the time in which others have sent theirs.
    private static let bodyRetrySeconds = 2
    /// So many bodies are on their way already that this one has no room.
    static let noRoomForBody = overloaded(retryAfter: bodyRetrySeconds)
}

extension APIError {
    /// What the system says of a connection that the client has broken off, in the middle of its body for instance.
    private static let departures: Set<CInt> = [ECONNRESET, EPIPE]

    /// What the client is told of an error; nil for one that is the server's own fault and goes to the log.
    ///
    /// - Parameter bodySize: the limit of a body, which its error does not know.
    init?(describing error: any Error, bodySize: Int) {
        switch error {
        case let error as APIError: self = error
        case is CancellationError: self = .clientClosed
        case let error as IOError where Self.departures.contains(error.errnoCode): self = .clientClosed
        case let withdrawal as GenerationQueue.Withdrawal:
            self =
                switch withdrawal {
                case .disconnected, .cancelled: .clientClosed
                case .stopped: .stopping
                }
        case is NIOTooManyBytesError: self = .bodyTooLarge(limit: bodySize)
        case is HTTPParserError: self = .notHTTP
        case let error as HTTPError where error.status.kind == .clientError:
            self = Self.invalidRequest(error.status.code, error.body ?? error.status.reasonPhrase)
        default: return nil
        }
    }
}
