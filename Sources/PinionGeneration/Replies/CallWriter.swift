import PinionJSON
import TextGeneration

/// What a body reader has found of one call.
struct CallWriter: Sendable {
    private(set) var name: [UInt8]?
    /// Arguments that were not told yet.
    private var json = JSONWriter([])
    /// Whether the arguments have begun, or the call has none.
    private(set) var isBegun = false

    /// Whether it is certain that this is a call: before, what was read may yet turn out to be text.
    var isCertain: Bool { name != nil && isBegun }
    /// Bytes of arguments that were not told yet.
    var untold: Int { json.bytes.count }

    mutating func setName(_ name: [UInt8]) { self.name = name }

    /// Says that this is a call, before any of its arguments.
    mutating func begin() { isBegun = true }

    mutating func append(_ json: [UInt8]) {
        isBegun = true
        self.json.raw(json)
    }

    mutating func append(_ json: StaticString) {
        isBegun = true
        self.json.raw(json)
    }

    mutating func append(_ byte: UInt8) {
        isBegun = true
        json.raw(byte)
    }

    /// More of the inside of a string.
    mutating func appendText(_ text: some Sequence<UInt8>) {
        isBegun = true
        json.inside(text)
    }

    /// A text in quotation marks.
    mutating func appendString(_ text: some Sequence<UInt8>) {
        append("\"")
        appendText(text)
        append("\"")
    }

    mutating func takeArguments() -> [UInt8] { json.take() }
}

/// What a body reader makes of a byte.
enum CallStep: Sendable {
    /// It belongs to the call, which goes on.
    case more
    /// It is the last of the body.
    case end
    /// The body ended in front of these bytes, of which it is the last.
    case endBefore([UInt8])
    /// It cannot stand there.
    case wrong
}

/// Reads what stands between the marks of one call, byte by byte.
protocol CallBodyReader: Sendable {
    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep

    /// Whether the arguments are all there, so that only marks are missing.
    var isWhole: Bool { get }

    /// Bytes that were read last and that a later `endBefore` may give back.
    var heldBytes: Int { get }

    /// Writes what was read and held back, where the reply is cut.
    mutating func flush(into call: inout CallWriter)

    /// Closes arguments that the model did not, as far as they are whole: not in the middle of a value.
    mutating func close(into call: inout CallWriter)
}

extension CallBodyReader {
    var heldBytes: Int { 0 }
    mutating func flush(into call: inout CallWriter) {}
    mutating func close(into call: inout CallWriter) {}
}

extension UInt8 {
    /// Blank, tab, line feed, carriage return.
    var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }

    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// An ASCII letter or digit.
    var isAlphanumeric: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}

extension BidirectionalCollection<UInt8> {
    /// Elements up to the last one that is no white space.
    var solidCount: Int { count - reversed().prefix { $0.isJSONSpace }.count }

    /// Without the white space at both ends.
    var trimmed: [UInt8] { Array(prefix(solidCount).drop { $0.isJSONSpace }) }
}

/// Matches a fixed text byte by byte, after white space that it does not begin with.
struct LiteralMatcher: Sendable {
    enum Step: Sendable { case more, end, wrong }

    private let text: [UInt8]
    private var matched = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    /// Bytes of the text that were read.
    var count: Int { matched }

    mutating func read(_ byte: UInt8) -> Step {
        if matched == 0, byte.isJSONSpace, byte != text[0] { return .more }
        guard text[matched] == byte else { return .wrong }
        matched += 1
        return matched == text.count ? .end : .more
    }
}

/// What a reply may hold of each thing.
enum ReplyLimits {
    /// Longest beginning of a call that is held back until it is certain to be one, in bytes: some write the arguments in
    /// front of the name.
    static let undecidedBytes = 64 << 10
    /// Longest name of a tool, in bytes.
    static let nameBytes = 512
    /// Deepest nesting of the values of a call that is no JSON.
    static let depth = 128
}
