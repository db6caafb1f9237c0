/// The formats that ``StringFormat`` enforces, by the names that JSON Schema, OpenAPI and pydantic give them.
enum FormatName: String, CaseIterable {
    case date, time, duration
    case dateTime = "date-time"
    case hostname
    case idnHostname = "idn-hostname"
    case email
    case idnEmail = "idn-email"
    case ipv4, ipv6, ipvanyaddress, ipv4network, ipv6network, ipvanynetwork, ipv4interface, ipv6interface,
        ipvanyinterface
    case uri
    case uriReference = "uri-reference"
    case iri
    case iriReference = "iri-reference"
    case uriTemplate = "uri-template"
    case jsonPointer = "json-pointer"
    case relativeJSONPointer = "relative-json-pointer"
    case regex
    case uuid, uuid1, uuid2, uuid3, uuid4, uuid5, uuid6, uuid7, uuid8
    case byte, base64, base64url
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64, float, double

    /// Builds the format's language; see ``StringFormat/automaton(named:)``.
    func language() throws(GrammarError) -> ByteAutomaton {
        switch self {
        case .date: try StringFormat.pattern(TimeFormats.date)
        case .time: try TimeFormats.time()
        case .dateTime:
            try .concatenation([
                StringFormat.pattern("(?:\(TimeFormats.date))[Tt]"), StringFormat.automaton(of: .time),
            ])
        case .duration: try StringFormat.pattern(TimeFormats.duration)
        case .hostname: try HostFormats.hostname()
        case .idnHostname: try HostFormats.internationalHostname()
        case .email: try HostFormats.mailbox()
        case .idnEmail: try HostFormats.internationalMailbox()
        case .ipv4: try StringFormat.pattern(HostFormats.ipv4)
        case .ipv6: try StringFormat.pattern(HostFormats.ipv6())
        case .ipvanyaddress: try Self.union(.ipv4, .ipv6)
        case .ipv4network: try StringFormat.pattern(HostFormats.ipv4Network)
        case .ipv6network: try StringFormat.pattern(HostFormats.ipv6Network)
        case .ipvanynetwork: try Self.union(.ipv4network, .ipv6network)
        case .ipv4interface: try StringFormat.pattern("\(HostFormats.ipv4)/\(HostFormats.numbers(0...32))")
        case .ipv6interface: try StringFormat.pattern("(?:\(HostFormats.ipv6()))/\(HostFormats.numbers(0...128))")
        case .ipvanyinterface: try Self.union(.ipv4interface, .ipv6interface)
        case .uri: try StringFormat.pattern(ResourceIdentifier.uri.absolute)
        case .uriReference: try StringFormat.pattern(ResourceIdentifier.uri.reference)
        case .iri: try StringFormat.pattern(ResourceIdentifier.iri.absolute)
        case .iriReference: try StringFormat.pattern(ResourceIdentifier.iri.reference)
        case .uriTemplate: try StringFormat.pattern(DataFormats.template)
        case .jsonPointer: try StringFormat.pattern(DataFormats.pointer)
        case .relativeJSONPointer: try StringFormat.pattern("(?:0|[1-9][0-9]*)(?:#|\(DataFormats.pointer))")
        case .regex: try RegexFormat.language()
        case .uuid: try DataFormats.uuid(version: "[0-9A-Fa-f]", variant: "[0-9A-Fa-f]")
        case .uuid1, .uuid2, .uuid3, .uuid4, .uuid5, .uuid6, .uuid7, .uuid8:
            try DataFormats.uuid(version: String(rawValue.suffix(1)), variant: "[89ABab]")
        case .byte, .base64: try StringFormat.pattern(DataFormats.base64("+/", isPadded: true))
        case .base64url:
            try StringFormat.pattern(
                DataFormats.base64("_-", isPadded: true) + "|" + DataFormats.base64("_-", isPadded: false))
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
            try NumberLanguage.integers(in: NumberRange(format: rawValue) ?? .all, multipleOf: [])
        case .float, .double: try NumberLanguage.numbers(in: .all, multipleOf: [])
        }
    }

    private static func union(_ first: FormatName, _ second: FormatName) throws(GrammarError) -> ByteAutomaton {
        try .union([StringFormat.automaton(of: first), StringFormat.automaton(of: second)])
    }
}
