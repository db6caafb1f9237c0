import Foundation

/// A hub's address, the token for it, and how a person gets one.
struct HubEndpoint: Sendable {
    /// Where the hub's API and files are, without a slash at the end.
    let url: URL
    /// The secret; nil if its variable is not set.
    let token: String?
    /// The variable that holds the token; nil where a source knows no tokens.
    let tokenVariable: String?
    /// The variable that names another address.
    let addressVariable: String?

    /// The Hugging Face hub, or the mirror that `HF_ENDPOINT` names.
    static func huggingFace(_ environment: [String: String]) throws(CatalogError) -> HubEndpoint {
        try HubEndpoint(
            "https://huggingface.co", environment, address: "HF_ENDPOINT", token: "HF_TOKEN")
    }

    /// ModelScope, or the mirror that `MODELSCOPE_ENDPOINT` names.
    static func modelScope(_ environment: [String: String]) throws(CatalogError) -> HubEndpoint {
        try HubEndpoint(
            "https://modelscope.cn", environment, address: "MODELSCOPE_ENDPOINT", token: "MODELSCOPE_API_TOKEN")
    }

    /// The endpoint of a single file's address, which knows no tokens.
    init(of address: FileAddress) {
        url = address.url
        token = nil
        tokenVariable = nil
        addressVariable = nil
    }

    private init(
        _ fallback: String, _ environment: [String: String], address: String, token: String
    ) throws(CatalogError) {
        func value(_ name: String) -> String? {
            let text = environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            return text.isEmpty ? nil : text
        }
        var text = value(address) ?? fallback
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = URL(string: text), ["https", "http"].contains(url.scheme), url.host()?.isEmpty == false,
            url.query == nil, url.fragment == nil, url.user() == nil
        else {
            // A name and password in it would end up in a log.
            let shown = text.contains("@") ? "an address with a name in it" : FileWords.quoted(text)
            throw CatalogError(.invalidReference, "\(address) is \(shown), expected an address such as \(fallback)")
        }
        self.url = url
        let secret = value(token)
        // A header's value; anything else in it could become a header of its own.
        guard secret?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) != false else {
            throw CatalogError(.invalidReference, "\(token) holds characters that no token has")
        }
        guard secret == nil || url.scheme == "https" || Self.loopbackHosts.contains(url.host() ?? "") else {
            throw CatalogError(
                .invalidReference,
                "\(address) is an http address, over which anyone on the way could read \(token); name an https address, or "
                    + "unset \(token)")
        }
        self.token = secret
        tokenVariable = token
        addressVariable = address
    }

    /// The address of a path on the hub, each part of it escaped.
    func url(_ parts: [String], query: [(String, String)] = []) -> URL {
        func escaped(_ text: String) -> String {
            text.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? text
        }
        var text = url.absoluteString
        for part in parts.flatMap({ $0.split(separator: "/") }) { text += "/" + escaped(String(part)) }
        for (index, item) in query.enumerated() {
            text += (index == 0 ? "?" : "&") + item.0 + "=" + escaped(item.1)
        }
        guard let result = URL(string: text) else { preconditionFailure("an escaped path makes no address") }
        return result
    }

    /// Names of this machine itself, to which a token crosses no network.
    private static let loopbackHosts = ["127.0.0.1", "localhost", "::1", "[::1]"]

    /// RFC 3986, 2.3: what means itself in every part of an address.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// Whether an address is the hub's own, so that the token may be sent there.
    func isOwn(_ other: URL) -> Bool {
        Self.origin(of: url) == Self.origin(of: other)
    }

    /// Scheme, host and port; RFC 6454.
    static func origin(of url: URL) -> String {
        let scheme = url.scheme?.lowercased() ?? ""
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(url.host()?.lowercased() ?? ""):\(port)"
    }
}
