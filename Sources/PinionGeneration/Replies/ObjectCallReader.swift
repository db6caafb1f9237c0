/// Reads a call that is one JSON object: `{"name": "weather", "arguments": {"city": "Bern"}}`.
struct ObjectCallReader: CallBodyReader {
    private enum Place: Sendable {
        case open
        /// In front of a key; `isFirst` directly behind the bracket.
        case key(isFirst: Bool)
        case inKey
        case colon
        case value
        case name
        /// The arguments as they are, and arguments within a string.
        case arguments(JSONSpan)
        case quotedArguments
        /// The value of a key that means nothing here.
        case other(JSONSpan)
        case comma
    }

    private enum Meaning: Sendable { case name, arguments, other }

    private let names: [[UInt8]]
    private let arguments: [[UInt8]]
    /// Whether the only key is the tool's name.
    private let isKeyed: Bool
    /// Whether an object without arguments is none: nothing else would tell it from an answer in JSON.
    private let needsArguments: Bool

    private var place = Place.open
    private var string = JSONStringReader()
    private var key: [UInt8] = []
    private var meaning = Meaning.other
    private var hasArguments = false
    /// Open objects: `{"type": "function", "function": {...}}` has two.
    private var depth = 0

    init(names: [String], arguments: [String], needsArguments: Bool) {
        self.needsArguments = needsArguments
        self.names = names.map { Array($0.utf8) }
        self.arguments = arguments.map { Array($0.utf8) }
        isKeyed = false
    }

    init() {
        names = []
        arguments = []
        isKeyed = true
        needsArguments = true
    }

    var isWhole: Bool {
        if hasArguments, case .comma = place { true } else { false }
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch place {
        case .inKey: return readKey(byte, into: &call)
        case .name: return readName(byte, into: &call)
        case .arguments(var span):
            let step = span.read(byte)
            if case .endBefore = step {
                place = .comma
                return read(byte, into: &call)
            }
            guard case .wrong = step else {
                call.append(byte)
                if case .end = step { place = .comma } else { place = .arguments(span) }
                return .more
            }
            return .wrong
        case .quotedArguments:
            switch string.read(byte) {
            case .text(let bytes):
                // An object within a string is understood, and any other string is no arguments.
                guard call.isBegun || bytes.isEmpty || bytes == [UInt8(ascii: "{")] else { return .wrong }
                if !bytes.isEmpty { call.append(bytes) }
            case .end:
                guard call.isBegun else { return .wrong }
                place = .comma
            case .wrong: return .wrong
            }
            return .more
        case .other(var span):
            switch span.read(byte) {
            case .more: place = .other(span)
            case .end: place = .comma
            case .endBefore:
                place = .comma
                return read(byte, into: &call)
            case .wrong: return .wrong
            }
            return .more
        case .open, .key, .colon, .value, .comma:
            return byte.isJSONSpace ? .more : readMark(byte, into: &call)
        }
    }

    private mutating func readMark(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch (place, byte) {
        case (.open, UInt8(ascii: "{")):
            depth += 1
            place = .key(isFirst: true)
        case (.key, UInt8(ascii: "\"")):
            key = []
            string = JSONStringReader()
            place = .inKey
        case (.key(isFirst: true), UInt8(ascii: "}")), (.comma, UInt8(ascii: "}")): return close(into: &call)
        case (.comma, UInt8(ascii: ",")): place = .key(isFirst: false)
        case (.colon, UInt8(ascii: ":")): place = .value
        case (.value, _): return beginValue(byte, into: &call)
        default: return .wrong
        }
        return .more
    }

    private mutating func close(into call: inout CallWriter) -> CallStep {
        depth -= 1
        guard depth == 0 else {
            place = .comma
            return .more
        }
        guard call.name != nil, hasArguments || !needsArguments else { return .wrong }
        if !hasArguments { call.append("{}") }
        return .end
    }

    /// Reads more of a key or of the tool's name.
    ///
    /// - Returns: nil at its end.
    private mutating func readWord(_ byte: UInt8) -> CallStep? {
        switch string.read(byte) {
        case .text(let bytes):
            key += bytes
            return key.count <= ReplyLimits.nameBytes ? .more : .wrong
        case .end: return nil
        case .wrong: return .wrong
        }
    }

    private mutating func readKey(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if let step = readWord(byte) { return step }
        if isKeyed {
            guard call.name == nil else { return .wrong }
            call.setName(key)
            meaning = .arguments
        } else if names.contains(key) {
            meaning = .name
        } else {
            meaning = arguments.contains(key) && !hasArguments ? .arguments : .other
        }
        place = .colon
        return .more
    }

    private mutating func readName(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if let step = readWord(byte) { return step }
        guard !key.isEmpty else { return .wrong }
        call.setName(key)
        place = .comma
        return .more
    }

    private mutating func beginValue(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        let isString = byte == UInt8(ascii: "\"")
        string = JSONStringReader()
        switch meaning {
        case .name:
            if byte == UInt8(ascii: "{"), call.name == nil {
                // The whole call stands in an object of its own.
                depth += 1
                place = .key(isFirst: true)
                return .more
            }
            guard isString, call.name == nil else { return .wrong }
            key = []
            place = .name
            return .more
        case .arguments:
            hasArguments = true
            if isString {
                place = .quotedArguments
                return .more
            }
            guard byte == UInt8(ascii: "{") else { return .wrong }
            place = .arguments(JSONSpan())
            return read(byte, into: &call)
        case .other:
            place = .other(JSONSpan())
            return read(byte, into: &call)
        }
    }
}
