import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Why an exchange did not bring what was asked for.
enum TransferFault: Error {
    /// Another try may succeed, not before `after` where the hub says so.
    case passing(CatalogError, after: Duration?)
    case final(CatalogError)
    /// The server sends a file only from its beginning.
    case rangesIgnored

    var error: CatalogError {
        switch self {
        case .passing(let error, _), .final(let error): error
        case .rangesIgnored: CatalogError(.unexpectedReply, "the server sends files only as a whole")
        }
    }
}

extension HubConnection {
    /// Longest wait that a hub may ask for; a person who is asked for more rather comes back.
    static let maximumWait = Duration.seconds(120)
    /// What longer waits are told as, in seconds.
    private static let longestToldWait = 86_400
    /// Bytes of an error's body that are looked at.
    private static let maximumErrorSize = 64 << 10

    /// What a reply that is neither the file nor a redirect means.
    func refusal(_ response: HTTPClientResponse, at url: URL) async -> TransferFault {
        let status = response.status.code
        let host = HubEndpoint.origin(of: url)
        let code = response.headers.first(name: "x-error-code") ?? ""
        let said = await words(of: response)
        switch status {
        case 401, 403:
            guard endpoint.isOwn(url) else {
                // Storage hosts refuse a signed address that has expired; the hub is asked for a new one.
                return .passing(
                    CatalogError(
                        .downloadFailed, "\(source): \(host) refuses the address it was given (\(status))\(said)"),
                    after: nil)
            }
            return .final(accessDenied(status, code, said))
        case 404, 410:
            let missing = code == "EntryNotFound" ? "the repository has no such file" : "there is no such model"
            return .final(
                CatalogError(.notFound, "\(source): \(missing) on \(host) (\(status))\(said); check the spelling"))
        case 429:
            return limited(host, response.headers.first(name: "retry-after"), said)
        case 408, 500...599:
            let wait = Self.wait(response.headers.first(name: "retry-after"))
            return Self.passing(
                CatalogError(
                    .downloadFailed,
                    "\(source): \(host) answered \(status)\(said); try again "
                        + (wait.map { "in \($0.components.seconds) s" } ?? "later")), after: wait)
        default:
            return .final(CatalogError(.unexpectedReply, "\(source): \(host) answered \(status)\(said)"))
        }
    }

    private func accessDenied(_ status: UInt, _ code: String, _ said: String) -> CatalogError {
        let terms = page.map { "accept its terms at \($0.absoluteString)" } ?? "ask its owner for access"
        guard let variable = endpoint.tokenVariable else {
            return CatalogError(.accessDenied, "\(source): the server refuses access (\(status))\(said)")
        }
        if endpoint.token == nil {
            // Hubs do not tell a private model from one that does not exist.
            return CatalogError(
                .accessDenied,
                "\(source): the hub asks who you are (\(status))\(said): the model is gated or private, or there is none "
                    + "of that name; \(terms), and set \(variable) to your token")
        }
        return CatalogError(
            .accessDenied,
            "\(source): the hub refuses the token of \(variable) (\(status))\(said); \(terms), or set \(variable) to a "
                + "token that may read the model")
    }

    private func limited(_ host: String, _ header: String?, _ said: String) -> TransferFault {
        let wait = Self.wait(header)
        let error = CatalogError(
            .downloadFailed,
            "\(source): \(host) allows no more requests for now (429)\(said)"
                + (wait.map { "; try again in \($0.components.seconds) s" } ?? "; try again later")
                + (endpoint.token == nil
                    ? endpoint.tokenVariable.map { ", or set \($0), with which more are allowed" } ?? "" : ""))
        return Self.passing(error, after: wait)
    }

    /// Worth another try, unless the hub asks for a long wait first.
    private static func passing(_ error: CatalogError, after wait: Duration?) -> TransferFault {
        guard let wait, wait > maximumWait else { return .passing(error, after: wait) }
        return .final(error)
    }

    /// `Retry-After` in seconds; a date is left to the usual pause.
    private static func wait(_ header: String?) -> Duration? {
        guard let seconds = header.flatMap({ Int($0) }), seconds >= 0 else { return nil }
        return .seconds(min(seconds, longestToldWait))
    }

    /// What the hub says in a header or in its body, as an end of a sentence.
    private func words(of response: HTTPClientResponse) async -> String {
        var said = response.headers.first(name: "x-error-message") ?? ""
        if said.isEmpty, let body = try? await Self.collect(response.body, limit: Self.maximumErrorSize) {
            let text = String(decoding: body, as: UTF8.self)
            if text.hasPrefix("{"), let value = try? HubReply(Array(text.utf8), source) {
                said = value.text("error") ?? value.text("message") ?? value.text("Message") ?? ""
            }
        }
        return said.isEmpty ? "" : ", saying \(FileWords.quoted(said))"
    }
}
