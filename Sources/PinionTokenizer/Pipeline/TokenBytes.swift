/// The bytes that each token stands for, and what is dropped at the beginning of a text.
struct TokenBytes: Sendable {
    private let bytes: ByteStrings
    let beginning: DecoderDescription.Beginning
    /// Of word pieces: the text of each token where it begins the text, without the space before it.
    private let isWordPiece: Bool
    /// Bytes of the longest token.
    let longest: Int

    init(_ description: TokenizerDescription, _ types: [TokenType]) {
        let tokens = description.tokens
        let decoder = description.decoder
        var bytes = ByteStrings()
        bytes.reserve(count: tokens.count, bytes: tokens.bytes.count)
        var longest = 0
        for index in 0..<tokens.count {
            let start = bytes.bytes.count
            Self.append(tokens[index], types[index], decoder, to: &bytes)
            longest = max(longest, bytes.bytes.count - start)
        }
        self.bytes = bytes
        self.longest = longest
        beginning = decoder.beginning
        if case .wordPiece = decoder.spelling { isWordPiece = true } else { isWordPiece = false }
    }

    private static func append(
        _ text: ArraySlice<UInt8>, _ type: TokenType, _ decoder: DecoderDescription, to bytes: inout ByteStrings
    ) {
        // Ids without a token have no text.
        guard !text.isEmpty else { return bytes.append([]) }
        switch type {
        case .control, .unknown: return bytes.append(text)
        case .userDefined:
            // The text is literal, but for the mark that SentencePiece writes for a space.
            if case .replacing(let replacements) = decoder.spelling {
                return bytes.append(replacements.reduce(Array(text)) { replace($1, in: $0) })
            }
            return bytes.append(text)
        case .byte:
            if decoder.readsByteTokens, let byte = Vocabulary.byte(named: text) { return bytes.append([byte]) }
        case .normal, .unused, .undefined: break
        }
        switch decoder.spelling {
        case .plain: bytes.append(text)
        case .byteLevel: bytes.append(ByteAlphabet.decode(Array(text)))
        case .replacing(let replacements): bytes.append(replacements.reduce(Array(text)) { replace($1, in: $0) })
        case .wordPiece(let prefix, let cleansUp):
            var word =
                text.starts(with: prefix) && !prefix.isEmpty ? Array(text.dropFirst(prefix.count)) : [0x20] + text
            if cleansUp { word = cleanedUp(word) }
            bytes.append(word)
        }
    }

    private static func replace(_ replacement: DecoderDescription.Replacement, in text: [UInt8]) -> [UInt8] {
        guard let first = replacement.text.first, text.contains(first) else { return text }
        var result: [UInt8] = []
        var position = 0
        while position < text.count {
            if text[position...].starts(with: replacement.text) {
                result += replacement.replacement
                position += replacement.text.count
            } else {
                result.append(text[position])
                position += 1
            }
        }
        return result
    }

    /// What the reference's clean-up makes of one token.
    private static func cleanedUp(_ word: [UInt8]) -> [UInt8] {
        let endings = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return endings.reduce(word) { replace(.init(Array($1.0.utf8), with: Array($1.1.utf8)), in: $0) }
    }

    /// The bytes of a token within a text.
    subscript(token: Int32) -> ArraySlice<UInt8> { bytes[Int(token)] }

    /// Appends a token's bytes to a text.
    ///
    /// - Parameter dropped: Spaces that were dropped so far while the text is at its beginning; nil past it.
    func append(_ token: Int32, to text: inout [UInt8], dropped: inout Int?) {
        let word = bytes[Int(token)]
        guard let count = dropped else {
            text += word
            return
        }
        switch beginning {
        case .whole:
            dropped = nil
            text += isWordPiece && word.first == 0x20 ? word.dropFirst() : word
        case .withoutSpaces(let limit):
            let spaces = word.prefix(limit - count).prefix { $0 == 0x20 }.count
            dropped = spaces == word.count && count + spaces < limit ? count + spaces : nil
            text += word.dropFirst(spaces)
        case .withoutSpacesOfFirstToken:
            dropped = nil
            text += word.filter { $0 != 0x20 }
        }
    }
}
