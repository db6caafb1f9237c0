/// The host in `host:port`, as bytes: lower case, without the brackets of IPv6, the port and a final dot.
///
/// Bytes rather than text, because the header comes from anybody: see ``Swift/StringProtocol/matchesWord(_:)``. A host
/// that is not ASCII has no other spelling and equals only itself.
struct HostName: Equatable {
    private let bytes: [UInt8]

    init(ofAuthority authority: String) {
        var name = authority.utf8[...]
        if name.first == UInt8(ascii: "[") {
            name = name.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        } else {
            // More than one colon is an address of IPv6 without brackets, as a configuration may spell it.
            let colon = UInt8(ascii: ":")
            if let end = name.firstIndex(of: colon), !name[name.index(after: end)...].contains(colon) {
                name = name[..<end]
            }
            if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        }
        bytes = name.map(\.lowercasedASCII)
    }

    /// Whether only programs of this machine reach the host.
    var isLoopback: Bool {
        if self == .localhost || self == .loopbackIPv6 { return true }
        // The whole of 127.0.0.0/8, but not a name such as 127.example.org.
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { UInt8(String(decoding: $0, as: UTF8.self)) != nil }
    }

    /// Whether a browser reaches a server on a loopback address by this name.
    var isBuiltIn: Bool {
        self == .localhost || self == .loopbackIPv4 || self == .loopbackIPv6
    }

    private static let localhost = HostName(ofAuthority: "localhost")
    private static let loopbackIPv4 = HostName(ofAuthority: "127.0.0.1")
    private static let loopbackIPv6 = HostName(ofAuthority: "::1")
}
