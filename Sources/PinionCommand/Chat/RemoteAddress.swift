import Foundation
import PinionTerminal

/// The address of a server that speaks the OpenAI API.
///
///     try RemoteAddress("https://example.org").of("models")    // https://example.org/v1/models
package struct RemoteAddress: Sendable, Equatable {
    /// Where the server listens that `pinion serve` starts.
    package static let usual = "http://127.0.0.1:8080"

    /// Without a slash at its end.
    package let base: String
    package let host: String
    /// Whether what is sent can be read on the way.
    package let isClear: Bool

    /// Reads `http://HOST[:PORT][/PATH]`. A path without a version's part, such as a proxy's, is followed by `/v1`.
    ///
    /// - Throws: ``CommandFailure`` for what is no such address.
    package init(_ text: String) throws {
        func refused(_ reason: String) -> CommandFailure {
            CommandFailure(
                "--url: '\(TerminalText.line(text))' \(reason): expected http://HOST:PORT or https://HOST/PATH")
        }
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            let host = url.host, !host.isEmpty
        else { throw refused("is no address") }
        guard scheme == "http" || scheme == "https" else { throw refused("is of another kind") }
        guard url.user == nil, url.password == nil else {
            throw CommandFailure("--url: an address holds no key or password; --api-key or PINION_API_KEY gives one")
        }
        guard url.query == nil, url.fragment == nil else { throw refused("holds more than a path") }
        var path = url.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        for route in ["/chat/completions", "/models"] where path.hasSuffix(route) {
            path.removeLast(route.count)
        }
        if !path.split(separator: "/").contains(where: Self.isVersion) { path += "/v1" }
        base = "\(scheme)://\(url.percentEncodedHost ?? host)\(url.port.map { ":\($0)" } ?? "")\(path)"
        self.host = host
        isClear = scheme == "http"
    }

    package func of(_ route: String) -> String { "\(base)/\(route)" }

    /// Whether only this machine hears what is sent there.
    package var isLoopback: Bool {
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return bare == "localhost" || bare == "::1" || (isIPv4 && parts[0] == "127")
    }

    /// `v1`, `v1beta`, `v2`.
    private static func isVersion(_ part: Substring) -> Bool {
        part.first == "v" && part.dropFirst().first?.isNumber == true
    }
}
