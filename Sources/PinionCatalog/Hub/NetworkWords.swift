import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Says in words what the network's libraries say in types.
package enum NetworkWords {
    /// What the system says when no connection comes about.
    private static let unreachable = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL]

    package static func of(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .readTimeout: return "has fallen silent"
            case .connectTimeout, .tlsHandshakeTimeout, .deadlineExceeded: return "does not answer in time"
            case .remoteConnectionClosed: return "closed the connection before the end"
            default: return "cannot be used: \(error.shortDescription)"
            }
        case HTTPParserError.invalidEOFState: return "closed the connection before the end"
        case let error as NIOConnectionError:
            if error.connectionErrors.isEmpty { return "is not found" }
            return "cannot be reached" + (error.connectionErrors.first.map { " (\(brief($0.error)))" } ?? "")
        case let error as IOError where unreachable.contains(error.errnoCode):
            return "cannot be reached (\(brief(error)))"
        default:
            if isOfAnotherHost(error) { return "has the certificate of another host" }
            if isDistrust(error) { return "has a certificate that this machine does not trust" }
            return "failed (\(brief(error)))"
        }
    }

    /// Whether a server could not prove who it is, which another try does not change.
    package static func isDistrust(_ error: any Error) -> Bool {
        // The library of TLS has no word of its own for an unknown authority, and BoringSSL's stands in its description.
        isOfAnotherHost(error) || String(describing: error).contains("CERTIFICATE_VERIFY_FAILED")
    }

    /// Whether a server's certificate is another host's.
    static func isOfAnotherHost(_ error: any Error) -> Bool {
        (error as? NIOSSLExtraError) == .failedToValidateHostname
    }

    private static func brief(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        let text = String(describing: error).split(whereSeparator: \.isNewline).joined(separator: " ")
        return String(text.prefix(FileWords.maximumLength))
    }
}
