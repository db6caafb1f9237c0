/// Names and addresses of hosts, networks and mailboxes.
enum HostFormats {
    // MARK: - Hosts

    /// RFC 1123, section 2.1, with the lengths of RFC 1035.
    private static let asciiLabel = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    private static let hostnameLength = 253

    static func hostname() throws(GrammarError) -> ByteAutomaton { try hostname(label: asciiLabel) }

    private static func hostname(label: String) throws(GrammarError) -> ByteAutomaton {
        try StringFormat.pattern("\(label)(?:\\.\(label))*").intersection(
            .length(1, hostnameLength, encoding: .jsonString))
    }

    /// Names of IDNA2008 (RFC 5890) that need no table to be told.
    ///
    /// Hyphens in the third and fourth place are left out: they mark encoded labels, which would have to be decoded. A label
    /// beyond ASCII has letters of scripts that are written from left to right, have no combining marks and no rules of context,
    /// so that it is normal and valid as it stands. In Punycode a character of them takes at most six letters: nine of them and
    /// the prefix `xn--` fit in the 63 that a label may have. Three such labels stay below the length of a name.
    static func internationalHostname() throws(GrammarError) -> ByteAutomaton {
        let plain = "(?!..--)\(asciiLabel)"
        let letters =
            "\\u00DF-\\u00F6\\u00F8-\\u00FF\\u03AC-\\u03AF\\u03B1-\\u03CE\\u0430-\\u045F\\u3005\\u3007\\u3041-\\u3096"
            + "\\u30A1-\\u30FA\\u30FC\\u3400-\\u4DBF\\u4E00-\\u9FFF\\uAC00-\\uD7A3"
        let wide = "(?!-)(?!..--)(?=[a-z0-9-]*[\(letters)])[a-z0-9\(letters)-]{1,9}(?<!-)"
        let label = "(?:\(plain)|\(wide))"
        return try .union([hostname(label: plain), StringFormat.pattern("\(label)(?:\\.\(label)){0,2}")])
    }

    // MARK: - Mailboxes

    private static let asciiAtom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
    private static let asciiQuoted = "(?:[ !#-\\[\\]-~]|\\\\[ -~])"
    private static let localPartLength = 64
    private static let beyondASCII = "[^\\u0000-\\u007F]"

    /// What stands in front of the `@`: RFC 5321, sections 4.1.2 and 4.5.3.1.1, or RFC 6531, section 3.3.
    private static func localPart(
        _ atom: String, _ quoted: String, atMost length: Int
    ) throws(GrammarError) -> ByteAutomaton {
        try StringFormat.pattern("\(atom)+(?:\\.\(atom)+)*|\"\(quoted)*\"").intersection(
            .length(1, length, encoding: .jsonString))
    }

    static func mailbox() throws(GrammarError) -> ByteAutomaton {
        try mailbox(
            local: localPart(asciiAtom, asciiQuoted, atMost: localPartLength),
            domain: StringFormat.automaton(of: .hostname))
    }

    static func internationalMailbox() throws(GrammarError) -> ByteAutomaton {
        // A character beyond ASCII is up to four of the bytes that are counted.
        let wide = try localPart(
            "(?:\(asciiAtom)|\(beyondASCII))", "(?:\(asciiQuoted)|\(beyondASCII))", atMost: localPartLength / 4)
        return try mailbox(
            local: .union([localPart(asciiAtom, asciiQuoted, atMost: localPartLength), wide]),
            domain: StringFormat.automaton(of: .idnHostname))
    }

    private static func mailbox(local: ByteAutomaton, domain: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        // An address in RFC 5321 leaves out at least two groups where it leaves out any.
        let literal = try StringFormat.pattern("\\[(?:\(ipv4)|[Ii][Pp][Vv]6:(?:\(ipv6(leavingOut: 2))))\\]")
        return try .concatenation([local, .text("@"), .union([domain, literal])])
    }

    // MARK: - Addresses

    static let ipv4 = "(?:\(ipv4Octet)\\.){3}\(ipv4Octet)"
    private static let ipv4Octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    private static let ipv6Group = "[0-9A-Fa-f]{1,4}"
    private static let ipv6Groups = 8

    /// Alternatives for the addresses of RFC 4291, section 2.2.
    ///
    /// - Parameter least: how many groups `::` stands for at least.
    static func ipv6(leavingOut least: Int = 1) -> String {
        var alternatives = ["(?:\(ipv6Group):){6}(?:\(ipv6Group):\(ipv6Group)|\(ipv4))"]
        for before in 0...ipv6Groups - least {
            let after = ipv6Groups - least - before
            var tails = after > 0 ? ["\(ipv6Group)(?::\(ipv6Group)){0,\(after - 1)}"] : []
            // The last two groups may be written as an address of IPv4.
            if after > 1 { tails.append("(?:\(ipv6Group):){0,\(after - 2)}\(ipv4)") }
            alternatives.append("\(groups(before))::(?:\(tails.joined(separator: "|")))?")
        }
        return alternatives.joined(separator: "|")
    }

    private static func groups(_ count: Int) -> String {
        count == 0 ? "" : "\(ipv6Group)(?::\(ipv6Group)){\(count - 1)}"
    }

    /// Alternatives for the numbers of a range.
    static func numbers(_ range: ClosedRange<Int>) -> String {
        "(?:" + range.map { "\($0)" }.joined(separator: "|") + ")"
    }

    /// An address and the length of its prefix, behind which all bits are zero.
    static let ipv4Network: String = {
        let alternatives = (0...32).map { length in
            let octets = (0..<4).map { index in
                let bits = min(8, max(0, length - 8 * index))
                if bits == 8 { return ipv4Octet }
                let step = 1 << (8 - bits)
                return "(?:" + stride(from: 0, to: 256, by: step).map { "\($0)" }.joined(separator: "|") + ")"
            }
            return octets.joined(separator: "\\.") + "/\(length)"
        }
        return alternatives.joined(separator: "|")
    }()

    static let ipv6Network: String = {
        let compressed = (0..<ipv6Groups).map { "\(groups($0))::/\(numbers(16 * $0...128))" }
        return (compressed + ["\(groups(ipv6Groups))/128"]).joined(separator: "|")
    }()
}
