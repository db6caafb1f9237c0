/// The grammar of URIs (RFC 3986, appendix A) or of IRIs (RFC 3987, section 2.2), as patterns.
struct ResourceIdentifier {
    /// The characters that IRIs have beyond those of URIs, for use in brackets.
    let extra: String
    /// The characters that only a query may have.
    let queryExtra: String

    static let uri = ResourceIdentifier(extra: "", queryExtra: "")
    static let iri = ResourceIdentifier(extra: beyondASCII, queryExtra: privateUse)

    static let escape = "%[0-9A-Fa-f]{2}"
    /// `ucschar`
    static let beyondASCII: String = {
        let planes = (1...13).map { plane in
            let digit = String(plane, radix: 16)
            return "\\u{\(digit)0000}-\\u{\(digit)FFFD}"
        }
        return "\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF\(planes.joined())\\u{E1000}-\\u{EFFFD}"
    }()
    /// `iprivate`
    static let privateUse = "\\uE000-\\uF8FF\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}"

    private func character(_ more: String) -> String {
        "(?:[A-Za-z0-9._~!$&'()*+,;=\(extra)\(more)-]|\(Self.escape))"
    }
    private var segmentCharacter: String { character(":@") }
    private var pathBehindAuthority: String { "(?:/\(segmentCharacter)*)*" }
    private var absolutePath: String { "/(?:\(segmentCharacter)+\(pathBehindAuthority))?" }

    private var authority: String {
        let future = "[Vv][0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+"
        let host = "(?:\\[(?:\(HostFormats.ipv6())|\(future))\\]|\(character(""))*)"
        return "(?:\(character(":"))*@)?\(host)(?::[0-9]*)?"
    }

    private var end: String {
        "(?:\\?\(character(":@/?" + queryExtra))*)?(?:#\(character(":@/?"))*)?"
    }

    /// With a scheme.
    var absolute: String {
        let path = "//\(authority)\(pathBehindAuthority)|\(absolutePath)|\(segmentCharacter)+\(pathBehindAuthority)|"
        return "[A-Za-z][A-Za-z0-9+.-]*:(?:\(path))\(end)"
    }

    /// With or without a scheme; without one the first segment of a path has no colon, so that it is not taken for one.
    var reference: String {
        let path = "//\(authority)\(pathBehindAuthority)|\(absolutePath)|\(character("@"))+\(pathBehindAuthority)|"
        return "\(absolute)|(?:\(path))\(end)"
    }
}
