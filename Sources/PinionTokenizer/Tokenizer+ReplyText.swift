// What a reply whose text is constrained byte by byte has to know of the tokens.
extension Tokenizer {
    /// The bytes that a token adds to a reply's text; nil for a token that has none, or that must not be part of one.
    ///
    /// Beside control tokens those are left out that look like marks (`<tool_call>`, `<think>`), which some files list as
    /// ordinary added tokens: a text that holds such a word is spelled with other tokens, so that nothing in a string
    /// steers the model.
    package func replyBytes(of token: Int32) -> [UInt8]? {
        guard contains(token), !isControl(token), !endOfGenerationTokens.contains(token) else { return nil }
        let text = bytes(of: token)
        guard !text.isEmpty else { return nil }
        switch vocabulary.types[Int(token)] {
        case .normal, .byte: return text
        case .userDefined, .unused, .undefined: return Self.looksLikeMark(text) ? nil : text
        case .unknown, .control: return nil
        }
    }

    private static func looksLikeMark(_ text: [UInt8]) -> Bool {
        text.count > 2 && text.first == UInt8(ascii: "<") && text.last == UInt8(ascii: ">")
    }

    /// What a token shows where it is the first of a text, and whether the token after it stands at the beginning, too;
    /// see ``DecoderDescription/Beginning``.
    package func beginning(with token: Int32) -> (bytes: [UInt8], isStillBeginning: Bool) {
        guard contains(token) else { return ([], true) }
        var bytes: [UInt8] = []
        var dropped: Int? = 0
        tokenBytes.append(token, to: &bytes, dropped: &dropped)
        return (bytes, dropped != nil)
    }

    /// The tokens that `text` is given where it follows `context`.
    ///
    /// - Parameters:
    ///   - context: The end of the text before; may begin within a character.
    ///   - text: May end within a character, whose bytes then have no tokens.
    /// - Returns: nil where a token would span the border between the two, or where tokens do not stand for the text byte
    ///   by byte (a normaliser changed it).
    package func encode(_ text: [UInt8], after context: [UInt8]) -> [Int32]? {
        let context = context.drop { $0 & 0xC0 == 0x80 }
        let text = Self.wholeCharacters(text)
        let tokens = encode(Array(context + text), templateRanges: [])
        // From the end, because the tokenizer may have put a space in front of the context.
        var rest = text.count
        var first = tokens.count
        while rest > 0, first > 0 {
            first -= 1
            rest -= tokenBytes[tokens[first]].count
        }
        guard rest == 0 else { return nil }
        let bytes = tokens[first...].flatMap { tokenBytes[$0] }
        return bytes.elementsEqual(text) ? Array(tokens[first...]) : nil
    }

    /// The text without the beginning of a character at its end.
    private static func wholeCharacters(_ text: [UInt8]) -> ArraySlice<UInt8> {
        for length in 1...3 where length <= text.count {
            let lead = text[text.count - length]
            if lead & 0xC0 == 0x80 { continue }
            let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
            return length < needed ? text.dropLast(length) : text[...]
        }
        return text[...]
    }
}
