import PinionTokenizer

/// Spells special tokens for grammars, which read bytes.
///
/// A special token is a byte that no text holds, and four more that tell its number. So a grammar says where one may stand,
/// and neither a text between quotation marks nor a free one ever holds one.
package struct ReplyMarks: Sendable {
    /// Never a byte of UTF-8.
    private static let lead: UInt8 = 0xFF
    private static let codeBytes = 5
    /// Bits of the number in each byte; the rest makes it one that only goes on in UTF-8.
    private static let bits = 6
    private static let filler: UInt8 = 0x80

    private let tokenizer: Tokenizer

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    /// How a token is spelled that has no text in a reply; nil for one that ends it, or says nothing.
    func code(of token: Int32) -> [UInt8]? {
        guard !tokenizer.endOfGenerationTokens.contains(token), !tokenizer.bytes(of: token).isEmpty else { return nil }
        var code = [Self.lead]
        for place in (0..<Self.codeBytes - 1).reversed() {
            code.append(Self.filler | UInt8(token >> Int32(place * Self.bits) & (1 << Self.bits - 1)))
        }
        return code
    }

    /// A part of a mark: a special token, or text.
    private enum Part {
        case token(Int32)
        case text([UInt8])
    }

    /// The special tokens in a mark, the longest one at each place, and the text between them.
    ///
    /// Not by tokenizing it: some tokenizers put a space in front of a text.
    private func parts(of mark: String) -> [Part] {
        let bytes = Array(mark.utf8)
        var parts: [Part] = []
        var text: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let ends = (start + 1...bytes.count).reversed()
            let special = ends.lazy.compactMap { end in
                token(of: String(decoding: bytes[start..<end], as: UTF8.self)).map { (token: $0, end: end) }
            }.first
            if let special {
                if !text.isEmpty { parts.append(.text(text)) }
                text = []
                parts.append(.token(special.token))
                start = special.end
            } else {
                text.append(bytes[start])
                start += 1
            }
        }
        return text.isEmpty ? parts : parts + [.text(text)]
    }

    /// A mark as it is read: special tokens by their codes, and the rest as text.
    ///
    /// A token that ends replies has no bytes: what stands behind it is never read.
    package func bytes(of mark: String) -> [UInt8] {
        parts(of: mark).flatMap { part in
            switch part {
            case .token(let token): code(of: token) ?? []
            case .text(let text): text
            }
        }
    }

    /// The tokens of a mark within a reply.
    func tokens(of mark: String) -> [Int32] {
        parts(of: mark).flatMap { part in
            switch part {
            case .token(let token): [token]
            case .text(let text):
                tokenizer.encode(text, after: Array(".".utf8)) ?? tokenizer.encode(text, templateRanges: [])
            }
        }
    }

    /// The special token of a text; nil for a text that is written with ordinary ones.
    func token(of mark: String) -> Int32? {
        guard let token = tokenizer.token(forText: mark), tokenizer.replyBytes(of: token) == nil else { return nil }
        return token
    }

    /// The text of a control token that stands in a format's marks; nil for any other token.
    func text(of token: Int32, in format: ReplyFormat) -> String? {
        guard tokenizer.isControl(token) else { return nil }
        let text = tokenizer.bytes(of: token)
        guard !text.isEmpty, format.marks.contains(where: { $0.firstRange(of: text) != nil }) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// The tokens of text and codes behind others; nil where a token would span the border between the two.
    func encode(_ text: [UInt8], after context: [UInt8]) -> [Int32]? {
        guard text.contains(Self.lead) || context.contains(Self.lead) else {
            return tokenizer.encode(text, after: context)
        }
        var context = context
        if let last = context.lastIndex(of: Self.lead) {
            context.removeFirst(min(last + Self.codeBytes, context.count))
        }
        var tokens: [Int32] = []
        var rest = text[...]
        while !rest.isEmpty {
            let plain = Array(rest.prefix { $0 != Self.lead })
            if !plain.isEmpty {
                guard let found = tokenizer.encode(plain, after: context) else { return tokens.isEmpty ? nil : tokens }
                tokens += found
                rest = rest.dropFirst(plain.count)
            }
            guard rest.count >= Self.codeBytes else { break }
            tokens.append(
                rest.prefix(Self.codeBytes).dropFirst().reduce(0) { $0 << Int32(Self.bits) | Int32($1 & ~Self.filler) })
            rest = rest.dropFirst(Self.codeBytes)
            context = []
        }
        return tokens
    }
}
