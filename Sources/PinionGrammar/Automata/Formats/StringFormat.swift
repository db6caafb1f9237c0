import Synchronization

/// The values of JSON Schema's `format` that are enforced for strings, as automata of their spellings in a JSON string.
///
/// The language of a format is what its standard calls valid, as far as an automaton can tell; what is left out makes the
/// language smaller, never larger, so that every string is valid:
///
/// | format | smaller than its standard |
/// | --- | --- |
/// | `hostname` | nothing; labels that begin with `xn--` are not decoded, as RFC 1123 knows no such labels |
/// | `idn-hostname`, `idn-email` | labels beyond ASCII have at most nine characters of scripts without context rules |
/// | `email`, `idn-email` | address literals are those of IPv4 and IPv6; lengths as RFC 5321 bounds them |
/// | `ipv6network`, `ipvanynetwork` | the zeros of the network are written `::` |
/// | `regex` | groups are nested four deep, without names and references; see ``RegexFormat`` |
/// | `uri-template` | without the operators that RFC 6570 reserves |
///
/// A format that restricts nothing (`binary`, `password`, `path`, `file-path`, `directory-path`) or that no automaton tells
/// (`json-string`, `multi-host-uri`) is not in the table.
package enum StringFormat {
    /// All names that are enforced.
    package static let names: [String] = FormatName.allCases.map(\.rawValue)

    /// The spellings, without quotes, of the strings of a format; nil for a name that is not enforced.
    ///
    /// Throws `cancelled`. Safe to call from several tasks at once: two may build the same language, and one of both is kept.
    package static func automaton(named name: String) throws(GrammarError) -> ByteAutomaton? {
        // Long names are turned away before strings are compared, which is quadratic for hostile marks.
        guard name.utf8.count <= longestName, let format = FormatName(rawValue: name) else { return nil }
        return try automaton(of: format)
    }

    private static let longestName = FormatName.allCases.map(\.rawValue.utf8.count).max() ?? 0

    static func automaton(of format: FormatName) throws(GrammarError) -> ByteAutomaton {
        if let known = built.withLock({ $0[format] }) { return known }
        let language = try format.language()
        built.withLock { $0[format] = language }
        return language
    }

    private static let built = Mutex<[FormatName: ByteAutomaton]>([:])

    /// The spellings of the strings that a pattern matches whole.
    static func pattern(_ text: String) throws(GrammarError) -> ByteAutomaton {
        try .pattern(text, encoding: .jsonString, isAnchored: true)
    }
}
