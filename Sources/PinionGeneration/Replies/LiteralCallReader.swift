/// Reads a call in the manner of a programming language: `weather(city="Bern", days=3)`.
struct LiteralCallReader: CallBodyReader {
    private enum Place: Sendable {
        case name
        /// In front of an argument's name; `isFirst` directly behind the bracket.
        case key(isFirst: Bool)
        case inKey
        case quotedKey(JSONStringReader)
        /// Behind a key in quotation marks.
        case assignment
        case value
        case comma
        /// Behind a call without arguments that nothing marks: only a list of calls goes on with these bytes.
        case proof
    }

    private let form: LiteralCall
    private let isUnmarked: Bool
    private var place = Place.name
    private var text: [UInt8] = []
    private var value: LiteralValueReader
    private var arguments = 0
    private let open: UInt8
    private let close: UInt8
    private let assignment: UInt8

    init(_ form: LiteralCall, isUnmarked: Bool) {
        self.form = form
        self.isUnmarked = isUnmarked
        open = Array(form.open.utf8)[0]
        close = Array(form.close.utf8)[0]
        assignment = Array(form.assignment.utf8)[0]
        value = LiteralValueReader(quote: form.quote)
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch place {
        case .name:
            if text.isEmpty, byte.isJSONSpace { return .more }
            if byte == open, !text.isEmpty {
                call.setName(text)
                text = []
                place = .key(isFirst: true)
                return .more
            }
            text.append(byte)
            let isName = Self.isNameByte(byte) || byte == UInt8(ascii: ":")
            return isName && text.count <= ReplyLimits.nameBytes ? .more : .wrong
        case .key(let isFirst):
            if byte.isJSONSpace { return .more }
            if byte == close {
                if arguments == 0, isUnmarked {
                    place = .proof
                    return .more
                }
                // A comma behind the last argument is Python's.
                call.append(arguments == 0 ? "{}" : "}")
                return .end
            }
            guard isFirst || arguments > 0 else { return .wrong }
            text = []
            if byte == UInt8(ascii: "\"") {
                place = .quotedKey(JSONStringReader())
                return .more
            }
            guard !"()[]{},='".utf8.contains(byte) else { return .wrong }
            text = [byte]
            place = .inKey
            return .more
        case .inKey:
            if byte == assignment { return beginValue(Array(text.prefix(text.solidCount)), into: &call) }
            text.append(byte)
            return text.count <= ReplyLimits.nameBytes && byte != close ? .more : .wrong
        case .quotedKey(var string):
            switch string.read(byte) {
            case .text(let bytes):
                text += bytes
                place = .quotedKey(string)
                return text.count <= ReplyLimits.nameBytes ? .more : .wrong
            case .end:
                place = .assignment
                return .more
            case .wrong: return .wrong
            }
        case .assignment:
            if byte.isJSONSpace { return .more }
            return byte == assignment ? beginValue(text, into: &call) : .wrong
        case .value:
            switch value.read(byte, into: &call) {
            case .more: return .more
            case .end:
                place = .comma
                return .more
            case .endBefore:
                place = .comma
                return read(byte, into: &call)
            case .wrong: return .wrong
            }
        case .comma:
            if byte.isJSONSpace { return .more }
            if byte == UInt8(ascii: ",") {
                place = .key(isFirst: false)
                return .more
            }
            guard byte == close else { return .wrong }
            call.append("}")
            return .end
        case .proof:
            if byte.isJSONSpace { return .more }
            guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") else { return .wrong }
            call.append("{}")
            return .endBefore([byte])
        }
    }

    private mutating func beginValue(_ key: [UInt8], into call: inout CallWriter) -> CallStep {
        call.append(arguments == 0 ? "{" : ",")
        arguments += 1
        call.appendString(key)
        call.append(":")
        text = []
        value = LiteralValueReader(quote: form.quote)
        place = .value
        return .more
    }

    var isWhole: Bool { false }

    mutating func flush(into call: inout CallWriter) {
        if case .value = place { value.flush(into: &call) }
    }

    mutating func close(into call: inout CallWriter) {
        switch place {
        case .comma, .key: if arguments > 0 { call.append("}") }
        default: break
        }
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte >= 0x80 || "_-./".utf8.contains(byte)
    }
}
