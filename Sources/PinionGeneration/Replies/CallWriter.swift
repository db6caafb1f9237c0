import PinionJSON
import TextGeneration

/// What a body reader has found of one call.
struct CallWriter: Sendable {
    private(set) var name: [UInt8]?
    /// Arguments that were not told yet.
    private(set) var arguments: [UInt8] = []
    /// Whether the arguments have begun, or the call has none.
    private(set) var isBegun = false

    /// Whether it is certain that this is a call: before, what was read may yet turn out to be text.
    var isCertain: Bool { name != nil && isBegun }

    mutating func setName(_ name: [UInt8]) { self.name = name }

    /// Says that this is a call, before any of its arguments.
    mutating func begin() { isBegun = true }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        isBegun = true
        arguments.append(contentsOf: bytes)
    }

    mutating func append(_ text: StaticString) {
        isBegun = true
        text.withUTF8Buffer { arguments.append(contentsOf: $0) }
    }

    mutating func append(_ byte: UInt8) {
        isBegun = true
        arguments.append(byte)
    }

    mutating func takeArguments() -> [UInt8] {
        defer { arguments = [] }
        return arguments
    }
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

    /// Writes what was read and held back, where the reply is cut.
    mutating func flush(into call: inout CallWriter)

    /// Closes arguments that the model did not, as far as they are whole: not in the middle of a value.
    mutating func close(into call: inout CallWriter)
}

extension CallBodyReader {
    mutating func flush(into call: inout CallWriter) {}
    mutating func close(into call: inout CallWriter) {}
}

extension UInt8 {
    /// Blank, tab, line feed, carriage return.
    var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}

/// Matches a fixed text byte by byte, after white space that it does not begin with.
struct LiteralMatcher: Sendable {
    enum Step: Sendable { case more, end, wrong }

    private let text: [UInt8]
    private var matched = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isEmpty: Bool { text.isEmpty }
    /// Bytes of the text that were read.
    var count: Int { matched }

    mutating func read(_ byte: UInt8) -> Step {
        if matched == 0, byte.isJSONSpace, byte != text[0] { return .more }
        guard text[matched] == byte else { return .wrong }
        matched += 1
        return matched == text.count ? .end : .more
    }
}

/// Finds the first place where a mark ends, and holds back what may be the beginning of it.
struct MarkFinder: Sendable {
    private let mark: [UInt8]
    /// For each length of a matched prefix, the longest shorter prefix that it ends with.
    private let fallback: [Int]
    private(set) var matched = 0

    init(_ mark: [UInt8]) {
        precondition(!mark.isEmpty, "a mark without a text")
        self.mark = mark
        var fallback = [0, 0]
        var length = 0
        for index in mark.indices.dropFirst() {
            while length > 0, mark[index] != mark[length] { length = fallback[length] }
            if mark[index] == mark[length] { length += 1 }
            fallback.append(length)
        }
        self.fallback = fallback
    }

    var count: Int { mark.count }

    /// - Returns: Whether the byte completes the mark.
    mutating func advance(_ byte: UInt8) -> Bool {
        if matched == mark.count { matched = fallback[matched] }
        while matched > 0, mark[matched] != byte { matched = fallback[matched] }
        if mark[matched] == byte { matched += 1 }
        return matched == mark.count
    }

    mutating func reset() { matched = 0 }
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
