/// Reads the inside of a JSON string byte by byte, behind its opening quotation mark.
struct JSONStringReader: Sendable {
    enum Step: Sendable {
        /// What the string has more of, maybe nothing.
        case text([UInt8])
        case end
        case wrong
    }

    private enum State: Sendable {
        case plain, escape
        case code(value: UInt32, digits: Int)
    }

    private var state = State.plain
    /// The first half of a character beyond U+FFFF.
    private var high: UInt32?

    mutating func read(_ byte: UInt8) -> Step {
        switch state {
        case .plain:
            switch byte {
            case UInt8(ascii: "\""):
                return high == nil ? .end : .wrong
            case UInt8(ascii: "\\"):
                state = .escape
                return .text([])
            default:
                return high == nil && byte >= 0x20 ? .text([byte]) : .wrong
            }
        case .escape:
            if byte == UInt8(ascii: "u") {
                state = .code(value: 0, digits: 0)
                return .text([])
            }
            state = .plain
            guard high == nil, let plain = Self.escapes[byte] else { return .wrong }
            return .text([plain])
        case .code(let value, let digits):
            guard let digit = Self.digit(byte) else { return .wrong }
            let code = value << 4 | digit
            if digits < 3 {
                state = .code(value: code, digits: digits + 1)
                return .text([])
            }
            state = .plain
            return append(code)
        }
    }

    private mutating func append(_ code: UInt32) -> Step {
        if let first = high {
            guard (0xDC00...0xDFFF).contains(code) else { return .wrong }
            high = nil
            let value = 0x10000 + (first - 0xD800) << 10 + (code - 0xDC00)
            guard let scalar = Unicode.Scalar(value) else { return .wrong }
            return .text(Array(String(Character(scalar)).utf8))
        }
        if (0xD800...0xDBFF).contains(code) {
            high = code
            return .text([])
        }
        guard let scalar = Unicode.Scalar(code) else { return .wrong }
        return .text(Array(String(Character(scalar)).utf8))
    }

    /// What the byte behind a backslash stands for.
    static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

/// Reads one JSON value byte by byte (RFC 8259), as far as to tell where it ends and where it stops being one.
struct JSONSpan: Sendable {
    enum Step: Sendable {
        /// The byte is a part of the value.
        case more
        /// The byte is the last of the value.
        case end
        /// The value ended in front of the byte: a number does.
        case endBefore
        case wrong
    }

    private enum State: Sendable, Equatable {
        case value
        /// Behind an opening bracket: a value or the end; a key or the end.
        case firstValue, firstKey
        case key
        case colon
        /// Behind a value within brackets.
        case after
        case string(isKey: Bool)
        case escape(isKey: Bool)
        case code(isKey: Bool, left: Int)
        case word(rest: [UInt8])
        case number(NumberState)
    }

    private enum NumberState: Sendable { case minus, zero, whole, point, fraction, exponent, sign, power }

    private var state = State.value
    /// Closing brackets that are due.
    private var stack: [UInt8] = []

    mutating func read(_ byte: UInt8) -> Step {
        switch state {
        case .string(let isKey): return readString(byte, isKey: isKey)
        case .escape(let isKey):
            if byte == UInt8(ascii: "u") {
                state = .code(isKey: isKey, left: 4)
                return .more
            }
            state = .string(isKey: isKey)
            return Array("\"\\/bfnrt".utf8).contains(byte) ? .more : .wrong
        case .code(let isKey, let left):
            state = left == 1 ? .string(isKey: isKey) : .code(isKey: isKey, left: left - 1)
            return JSONStringReader.digit(byte) == nil ? .wrong : .more
        case .word(let rest):
            guard rest.first == byte else { return .wrong }
            state = .word(rest: Array(rest.dropFirst()))
            return rest.count == 1 ? endValue() : .more
        case .number(let number): return readNumber(byte, number)
        case .value, .firstValue, .firstKey, .key, .colon, .after: return readMark(byte)
        }
    }

    private mutating func readMark(_ byte: UInt8) -> Step {
        if byte.isJSONSpace { return .more }
        switch (state, byte) {
        case (.colon, UInt8(ascii: ":")): state = .value
        case (.firstKey, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")): state = .string(isKey: true)
        case (.after, UInt8(ascii: ",")):
            state = stack.last == UInt8(ascii: "}") ? .key : .value
        case (.firstKey, UInt8(ascii: "}")), (.firstValue, UInt8(ascii: "]")), (.after, UInt8(ascii: "}")),
            (.after, UInt8(ascii: "]")):
            guard stack.popLast() == byte else { return .wrong }
            return endValue()
        case (.value, _), (.firstValue, _): return beginValue(byte)
        default: return .wrong
        }
        return .more
    }

    private mutating func beginValue(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard stack.count < ReplyLimits.depth else { return .wrong }
            let isObject = byte == UInt8(ascii: "{")
            stack.append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
            state = isObject ? .firstKey : .firstValue
        case UInt8(ascii: "\""): state = .string(isKey: false)
        case UInt8(ascii: "t"): state = .word(rest: Array("rue".utf8))
        case UInt8(ascii: "f"): state = .word(rest: Array("alse".utf8))
        case UInt8(ascii: "n"): state = .word(rest: Array("ull".utf8))
        case UInt8(ascii: "-"): state = .number(.minus)
        case UInt8(ascii: "0"): state = .number(.zero)
        case UInt8(ascii: "1")...UInt8(ascii: "9"): state = .number(.whole)
        default: return .wrong
        }
        return .more
    }

    private mutating func endValue() -> Step {
        state = .after
        return stack.isEmpty ? .end : .more
    }

    private mutating func readString(_ byte: UInt8, isKey: Bool) -> Step {
        switch byte {
        case UInt8(ascii: "\\"): state = .escape(isKey: isKey)
        case UInt8(ascii: "\""):
            if !isKey { return endValue() }
            state = .colon
        case 0..<0x20: return .wrong
        default: break
        }
        return .more
    }

    private mutating func readNumber(_ byte: UInt8, _ number: NumberState) -> Step {
        let isDigit = byte.isDigit
        switch (number, byte) {
        case (.minus, UInt8(ascii: "0")): state = .number(.zero)
        case (.minus, _) where isDigit: state = .number(.whole)
        case (.whole, _) where isDigit: break
        case (.zero, UInt8(ascii: ".")), (.whole, UInt8(ascii: ".")): state = .number(.point)
        case (.point, _) where isDigit, (.fraction, _) where isDigit: state = .number(.fraction)
        case (.zero, UInt8(ascii: "e")), (.whole, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "e")),
            (.zero, UInt8(ascii: "E")), (.whole, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "E")):
            state = .number(.exponent)
        case (.exponent, UInt8(ascii: "+")), (.exponent, UInt8(ascii: "-")): state = .number(.sign)
        case (.exponent, _) where isDigit, (.sign, _) where isDigit, (.power, _) where isDigit: state = .number(.power)
        case (.zero, _), (.whole, _), (.fraction, _), (.power, _):
            state = .after
            return stack.isEmpty ? .endBefore : readMark(byte)
        default: return .wrong
        }
        return .more
    }
}
