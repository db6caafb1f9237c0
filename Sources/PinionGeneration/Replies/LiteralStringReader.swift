/// Turns the inside of a text between quotation marks, as Python, JSON or Gemma writes it, into that of a JSON string.
struct LiteralStringReader: Sendable {
    /// What a byte is.
    enum Step: Sendable {
        case more
        /// The last of the closing mark.
        case end
        case wrong
    }

    private enum State: Sendable {
        case plain
        /// Behind a backslash.
        case escape
        /// Digits of a character's code.
        case code(value: UInt32, left: Int)
    }

    private let quote: [UInt8]
    private var state = State.plain
    /// What may become the closing mark, where that has several bytes.
    private var held: [UInt8] = []
    /// The first half of a character beyond U+FFFF, in front of its second.
    private var high: UInt32?

    /// - Parameter quote: The mark at both ends. Behind one of several bytes a text has no escapes.
    init(quote: [UInt8]) {
        self.quote = quote
    }

    mutating func read(_ byte: UInt8, into call: inout CallWriter) -> Step {
        switch state {
        case .plain: return quote.count > 1 ? readMarked(byte, into: &call) : readPlain(byte, into: &call)
        case .escape:
            readEscape(byte, into: &call)
            return .more
        case .code(let value, let left): return readCode(byte, value, left, into: &call)
        }
    }

    /// Writes U+FFFD for a first half that no second follows.
    mutating func flush(into call: inout CallWriter) {
        guard let half = high else { return }
        high = nil
        append(half, to: &call)
    }

    private mutating func readMarked(_ byte: UInt8, into call: inout CallWriter) -> Step {
        held.append(byte)
        while !quote.starts(with: held) { call.appendText([held.removeFirst()]) }
        return held.count == quote.count ? .end : .more
    }

    private mutating func readPlain(_ byte: UInt8, into call: inout CallWriter) -> Step {
        if byte == UInt8(ascii: "\\") {
            state = .escape
            return .more
        }
        flush(into: &call)
        if byte == quote[0] { return .end }
        call.appendText([byte])
        return .more
    }

    private mutating func readEscape(_ byte: UInt8, into call: inout CallWriter) {
        state = .plain
        if byte != UInt8(ascii: "u") { flush(into: &call) }
        switch byte {
        case UInt8(ascii: "u"): state = .code(value: 0, left: 4)
        case UInt8(ascii: "x"): state = .code(value: 0, left: 2)
        // A line that goes on.
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "'"): call.append(byte)
        default: call.appendText(JSONStringReader.escapes[byte].map { [$0] } ?? [UInt8(ascii: "\\"), byte])
        }
    }

    private mutating func readCode(
        _ byte: UInt8, _ value: UInt32, _ left: Int, into call: inout CallWriter
    ) -> Step {
        guard let digit = JSONStringReader.digit(byte) else { return .wrong }
        let code = value << 4 | digit
        if left > 1 {
            state = .code(value: code, left: left - 1)
            return .more
        }
        if let first = high, (0xDC00...0xDFFF).contains(code) {
            high = nil
            append(0x10000 + (first - 0xD800) << 10 + (code - 0xDC00), to: &call)
        } else {
            flush(into: &call)
            if (0xD800...0xDBFF).contains(code) { high = code } else { append(code, to: &call) }
        }
        state = .plain
        return .more
    }

    /// Writes a character by its code; a lone half of one becomes U+FFFD.
    private func append(_ code: UInt32, to call: inout CallWriter) {
        let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
        call.appendText(String(Character(scalar)).utf8)
    }
}
