/// Turns tokens into text as they come, releasing whole Unicode scalars only.
///
/// The texts released, ``finish()`` included, joined together equal ``Tokenizer/decode(_:skippingControlTokens:)`` of all
/// tokens. Control tokens give no text.
package struct StreamingDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    /// The beginning of a scalar whose end has not come yet: at most three bytes between calls.
    private var pending: [UInt8] = []
    /// Spaces that were dropped so far while the text is at its beginning; nil past it.
    private var dropped: Int? = 0

    package init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// Whether the last tokens' bytes begin a scalar whose end has not come yet.
    package var hasUnfinishedScalar: Bool { !pending.isEmpty }

    /// The text that became certain with this token, maybe none.
    package mutating func append(_ token: Int32) -> String {
        guard tokenizer.contains(token), !tokenizer.isControl(token) else { return "" }
        tokenizer.tokenBytes.append(token, to: &pending, dropped: &dropped)
        let ready = pending.count - Self.unfinishedLength(pending)
        guard ready > 0 else { return "" }
        let text = String(decoding: pending[..<ready], as: UTF8.self)
        pending.removeFirst(ready)
        return text
    }

    /// Releases what waits, as U+FFFD, after the last token.
    package mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end may still become a scalar.
    private static func unfinishedLength(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 == 0x80 { continue }
            guard let second = secondByteRange(after: lead) else { return 0 }
            let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
            guard length < needed else { return 0 }
            return length == 1 || second.contains(bytes[bytes.count - length + 1]) ? length : 0
        }
        return 0
    }

    /// The second bytes that can follow a lead byte (Unicode, table 3-7); nil for a byte that leads nothing.
    private static func secondByteRange(after lead: UInt8) -> ClosedRange<UInt8>? {
        switch lead {
        case 0xC2...0xDF, 0xE1...0xEC, 0xEE...0xEF, 0xF1...0xF3: 0x80...0xBF
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: nil
        }
    }
}
