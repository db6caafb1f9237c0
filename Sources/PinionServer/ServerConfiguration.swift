package import OpenAIAPI
import PinionWire

/// Where the server listens and what it lets in.
package struct ServerConfiguration: Sendable {
    /// The address to bind: a name, or an IPv4 or IPv6 address.
    package var host = "127.0.0.1"
    /// The port to bind; 0 takes any free one, which ``PinionApplication`` reports once it listens.
    package var port = 8080
    /// False serves everyone as ``Tenant/anonymous``; the server refuses to run so on an address that is not loopback.
    package var requiresAuthentication = true
    /// Names beyond the built-in ones that the `Host` header may hold; see ``accepts(authority:)``.
    package var allowedHosts: [String] = []
    /// Ignores request fields that nobody knows, instead of refusing the request.
    package var allowsUnknownFields = false
    /// What replies of chat completions call the text that the model thought.
    package var reasoningField = ReasoningField.reasoningContent
    package var limits = Limits()
    /// Takes a line for people about every answered request, such as a terminal's; nil logs requests with their data at
    /// the level info. Called on the request's task, which it must not hold up.
    package var accessLine: (@Sendable (String) -> Void)?

    package init() {}

    /// What one client may take, and for how long.
    package struct Limits: Sendable {
        /// Largest request body, in bytes.
        package var bodySize = 4 * 1024 * 1024
        /// Most bytes of bodies that are on their way or being decoded, over all connections; beyond it a request is
        /// refused. Enough for sixteen of the largest bodies, and for thousands of usual ones.
        package var bodiesInFlight = 64 * 1024 * 1024
        /// Largest request line and header fields together, and largest single field, in bytes.
        package var headerSize = 32 * 1024
        /// Most header fields of a request.
        package var headerCount = 100
        /// Most connections open at once; more wait in the listen queue.
        package var connections = 512
        /// Time for a whole request head: from the connection, or from the end of the reply before.
        package var headerTime: Duration = .seconds(10)
        /// Time for a whole body, from the end of its head.
        package var bodyTime: Duration = .seconds(30)
        /// Time for a whole request, from when one may come, after which the connection may be closed if places are short.
        package var requestGrace: Duration = .seconds(2)
        /// Longest time in which a client reads nothing of what is waiting for it.
        package var writeStall: Duration = .seconds(30)
        /// Time in which a client may still read its last reply before the connection is cut. Cut at once, with unread
        /// bytes of the request around, the connection would be reset and the reply lost.
        package var lingerTime: Duration = .seconds(1)
        /// Most bytes that are read, only to be dropped, of what a client sends after its last request was answered.
        package var lingerSize = 1024 * 1024
        /// Silence in a stream after which a comment is sent.
        package var pingInterval: Duration = .seconds(15)
        /// Time that requests in flight are given to end once the server is told to stop.
        package var shutdownGrace: Duration = .seconds(30)

        package init() {}
    }
}

extension ServerConfiguration {
    /// What decoders of bodies let through.
    var decodingOptions: DecodingOptions { DecodingOptions(allowsUnknownFields: allowsUnknownFields) }

    /// Whether only programs of this machine reach the address.
    package var bindsLoopback: Bool { HostName(ofAuthority: host).isLoopback }

    /// The address without the brackets that IPv6 has in a URL.
    var bindHost: String {
        host.hasPrefix("[") ? String(host.dropFirst().prefix { $0 != "]" }) : host
    }

    /// Whether a request that names this `Host` is meant for this server.
    ///
    /// A page on the web can make a browser talk to a loopback server by pointing its own name there (DNS rebinding);
    /// the browser then sends that name. On loopback only `localhost`, `127.0.0.1`, `[::1]`, the bound address and
    /// ``allowedHosts`` are accepted, with any port. Elsewhere the check applies only once ``allowedHosts`` is not
    /// empty. A request without `Host` cannot come from a browser and is accepted.
    func accepts(authority: String?) -> Bool {
        guard bindsLoopback || !allowedHosts.isEmpty, let authority else { return true }
        let name = HostName(ofAuthority: authority)
        return bindsLoopback && name.isBuiltIn || name == HostName(ofAuthority: host)
            || allowedHosts.contains { HostName(ofAuthority: $0) == name }
    }
}
