import PinionServer

/// The address at which a browser on this machine opens the page.
struct PageAddress {
    let text: String

    init(server: ServerConfiguration, port: Int) {
        text = "http://\(Self.host(of: server)):\(port)/"
    }

    private static func host(of server: ServerConfiguration) -> String {
        let host = server.host
        let bare = host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" }) : host
        switch bare {
        case "0.0.0.0", "::":
            // All addresses of the machine, and itself none. A server that answers for some names only does so here, too.
            if let allowed = server.allowedHosts.first { return bracketed(allowed) }
            return bare == "::" ? "[::1]" : "127.0.0.1"
        default: return bracketed(bare)
        }
    }

    /// As a URL spells it: an IPv6 address in brackets.
    private static func bracketed(_ host: String) -> String {
        host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    }
}
