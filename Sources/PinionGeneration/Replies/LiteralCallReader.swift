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

/// Turns a value as Python, JSON or Gemma writes it into JSON, byte by byte.
struct LiteralValueReader: Sendable {
    private enum State: Sendable {
        /// In front of a value, a key or a bracket.
        case open
        case string(quote: [UInt8], held: [UInt8], isEscaped: Bool)
        /// Digits of a character's code.
        case code(quote: [UInt8], value: UInt32, left: Int)
        case word
        /// Behind a value within brackets.
        case after
    }

    private enum Bracket: Sendable {
        case list, object
        /// An object whose next thing is a key.
        case key
    }

    private let quote: [UInt8]?
    private var state = State.open
    private var stack: [Bracket] = []
    private var word: [UInt8] = []
    /// What was read of the quotation mark that is none of one byte.
    private var mark: [UInt8] = []
    /// Whether a bracket may close where a value may stand.
    private var isEmpty = false

    init(quote: String?) {
        self.quote = quote.map { Array($0.utf8) }
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch state {
        case .open: return readOpen(byte, into: &call)
        case .string: return readString(byte, into: &call)
        case .code: return readCode(byte, into: &call)
        case .word: return readWord(byte, into: &call)
        case .after: return readAfter(byte, into: &call)
        }
    }

    private mutating func readOpen(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if !mark.isEmpty || quote?.first == byte, let quote {
            mark.append(byte)
            guard quote.starts(with: mark) else { return .wrong }
            if mark.count == quote.count {
                mark = []
                state = .string(quote: quote, held: [], isEscaped: false)
                writeComma(&call)
                call.append("\"")
            }
            return .more
        }
        if byte.isJSONSpace { return .more }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            state = .string(quote: [byte], held: [], isEscaped: false)
            writeComma(&call)
            call.append("\"")
        case UInt8(ascii: "["), UInt8(ascii: "("):
            guard push(.list) else { return .wrong }
            writeComma(&call)
            call.append("[")
            isEmpty = true
        case UInt8(ascii: "{"):
            guard push(.key) else { return .wrong }
            writeComma(&call)
            call.append("{")
            isEmpty = true
        case UInt8(ascii: "]"), UInt8(ascii: ")"), UInt8(ascii: "}"):
            guard isEmpty || lastIsComma else { return .wrong }
            return closeBracket(byte, into: &call)
        default:
            guard LiteralCallReader.isNameByte(byte) || byte == UInt8(ascii: "+") else { return .wrong }
            writeComma(&call)
            word = [byte]
            state = .word
        }
        return .more
    }

    /// A comma that was read and not written, because a bracket may follow it.
    private var lastIsComma = false

    private mutating func writeComma(_ call: inout CallWriter) {
        if lastIsComma { call.append(",") }
        lastIsComma = false
        isEmpty = false
    }

    private mutating func push(_ bracket: Bracket) -> Bool {
        guard stack.count < ReplyLimits.depth else { return false }
        if stack.last == .key { return false }
        stack.append(bracket)
        return true
    }

    private mutating func closeBracket(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        lastIsComma = false
        isEmpty = false
        guard let bracket = stack.popLast() else { return .wrong }
        let isBrace = byte == UInt8(ascii: "}")
        guard isBrace == (bracket != .list) else { return .wrong }
        call.append(isBrace ? "}" : "]")
        return endValue()
    }

    private mutating func endValue() -> CallStep {
        guard !stack.isEmpty else { return .end }
        state = .after
        return .more
    }

    private mutating func readAfter(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if byte.isJSONSpace { return .more }
        switch (byte, stack[stack.count - 1]) {
        case (UInt8(ascii: ":"), .key):
            stack[stack.count - 1] = .object
            call.append(":")
            state = .open
            return .more
        case (UInt8(ascii: ","), .list), (UInt8(ascii: ","), .object):
            if stack[stack.count - 1] == .object { stack[stack.count - 1] = .key }
            lastIsComma = true
            state = .open
            return .more
        case (UInt8(ascii: "]"), .list), (UInt8(ascii: ")"), .list), (UInt8(ascii: "}"), .object):
            return closeBracket(byte, into: &call)
        default: return .wrong
        }
    }

    private mutating func readWord(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        if LiteralCallReader.isNameByte(byte) || byte == UInt8(ascii: "+") {
            word.append(byte)
            return word.count <= ReplyLimits.nameBytes ? .more : .wrong
        }
        if stack.last == .key {
            call.appendString(word)
        } else {
            writeWord(&call)
        }
        guard !stack.isEmpty else { return .endBefore([byte]) }
        state = .after
        return readAfter(byte, into: &call)
    }

    /// Writes a number that may go on, and a half character whose second half does not come.
    mutating func flush(into call: inout CallWriter) {
        endHalf(&call)
        if case .word = state, stack.last != .key, Self.isNumber(word) { call.append(word) }
    }

    private func writeWord(_ call: inout CallWriter) {
        if let known = LiteralWord.spelled(word) {
            call.append(Array(known.json.utf8))
        } else if word.elementsEqual("none".utf8) {
            // No language has the word, and some models write it.
            call.append("null")
        } else if Self.isNumber(word) {
            call.append(word)
        } else {
            call.appendString(word)
        }
    }

    /// Whether the text is a number as JSON writes it.
    private static func isNumber(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        func digits() -> Int {
            let count = rest.prefix(while: \.isDigit).count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let hasZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !hasZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    // MARK: - Texts

    private mutating func readString(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        guard case .string(let quote, var held, let isEscaped) = state else { return .wrong }
        if quote.count > 1 {
            // Between marks of its own a text has no escapes.
            held.append(byte)
            while !quote.starts(with: held) { call.appendText([held.removeFirst()]) }
            if held.count == quote.count { return endString(&call) }
            state = .string(quote: quote, held: held, isEscaped: false)
            return .more
        }
        if isEscaped { return readEscape(byte, quote, into: &call) }
        if byte != UInt8(ascii: "\\") { endHalf(&call) }
        if byte == quote[0] { return endString(&call) }
        if byte == UInt8(ascii: "\\") {
            state = .string(quote: quote, held: [], isEscaped: true)
            return .more
        }
        call.appendText([byte])
        return .more
    }

    private mutating func endString(_ call: inout CallWriter) -> CallStep {
        call.append("\"")
        return endValue()
    }

    private mutating func readEscape(_ byte: UInt8, _ quote: [UInt8], into call: inout CallWriter) -> CallStep {
        state = .string(quote: quote, held: [], isEscaped: false)
        if byte != UInt8(ascii: "u") { endHalf(&call) }
        switch byte {
        case UInt8(ascii: "u"): state = .code(quote: quote, value: 0, left: 4)
        case UInt8(ascii: "x"): state = .code(quote: quote, value: 0, left: 2)
        // A line that goes on.
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "'"): call.append(byte)
        default: call.appendText(JSONStringReader.escapes[byte].map { [$0] } ?? [UInt8(ascii: "\\"), byte])
        }
        return .more
    }

    /// The first half of a character beyond U+FFFF, in front of its second.
    private var high: UInt32?

    /// Writes U+FFFD for a first half that no second follows.
    private mutating func endHalf(_ call: inout CallWriter) {
        guard let half = high else { return }
        high = nil
        append(half, to: &call)
    }

    /// A lone half of a character becomes U+FFFD.
    private func append(_ code: UInt32, to call: inout CallWriter) {
        let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
        call.appendText(String(Character(scalar)).utf8)
    }

    private mutating func readCode(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        guard case .code(let quote, let value, let left) = state, let digit = JSONStringReader.digit(byte)
        else { return .wrong }
        let code = value << 4 | digit
        if left > 1 {
            state = .code(quote: quote, value: code, left: left - 1)
            return .more
        }
        if let first = high, (0xDC00...0xDFFF).contains(code) {
            high = nil
            append(0x10000 + (first - 0xD800) << 10 + (code - 0xDC00), to: &call)
        } else {
            endHalf(&call)
            if (0xD800...0xDBFF).contains(code) { high = code } else { append(code, to: &call) }
        }
        state = .string(quote: quote, held: [], isEscaped: false)
        return .more
    }
}
