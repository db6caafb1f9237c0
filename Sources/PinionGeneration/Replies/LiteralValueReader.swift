/// Turns a value as Python, JSON or Gemma writes it into JSON, byte by byte.
struct LiteralValueReader: Sendable {
    private enum State: Sendable {
        /// In front of a value, a key or a bracket.
        case open
        case string(LiteralStringReader)
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
    /// A comma that was read and not written, because a bracket may follow it.
    private var lastIsComma = false

    init(quote: String?) {
        self.quote = quote.map { Array($0.utf8) }
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> CallStep {
        switch state {
        case .open: return readOpen(byte, into: &call)
        case .string(let string): return readString(string, byte, into: &call)
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
                beginString(quote, into: &call)
            }
            return .more
        }
        if byte.isJSONSpace { return .more }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            beginString([byte], into: &call)
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

    private mutating func beginString(_ quote: [UInt8], into call: inout CallWriter) {
        writeComma(&call)
        call.append("\"")
        state = .string(LiteralStringReader(quote: quote))
    }

    private mutating func readString(
        _ string: LiteralStringReader, _ byte: UInt8, into call: inout CallWriter
    ) -> CallStep {
        var string = string
        let step = string.read(byte, into: &call)
        state = .string(string)
        switch step {
        case .more: return .more
        case .end:
            call.append("\"")
            return endValue()
        case .wrong: return .wrong
        }
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
        if case .string(var string) = state {
            string.flush(into: &call)
            state = .string(string)
        }
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
}
