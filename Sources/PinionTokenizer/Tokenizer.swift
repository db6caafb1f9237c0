/// Turns text into token ids and back by the rules of a model file (byte-level BPE).
///
/// Immutable after its creation and safe to use from any thread. Encoding never fails: a byte for which the vocabulary has
/// no token (byte values that UTF-8 text rarely or never holds) is left out, as the reference implementations do when no
/// unknown token is defined for the merges; putting in the model's unknown token would let a request produce a control
/// token.
package final class Tokenizer: Sendable {
    /// Most tokens a vocabulary may hold; the same bound holds for merges.
    package static let maximumVocabularyCount = 4_000_000
    /// Longest piece handed to the merger, in bytes; a longer one is cut.
    static let maximumPieceLength = 1 << 30
    /// Texts of control tokens that end a model's turn.
    static let endOfTurnTexts = [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "</s>", "<|end_of_text|>",
        "<|eom_id|>",
    ]

    package let vocabularyCount: Int
    package let beginToken: Int32?
    package let endToken: Int32?
    package let unknownToken: Int32?
    package let paddingToken: Int32?
    /// Whether the model expects ``beginToken`` before a prompt; ``encode(_:parsingSpecialTokens:)`` does not add it.
    package let addsBeginToken: Bool
    /// The end token, and control tokens known by their text to end a turn.
    package let endOfGenerationTokens: Set<Int32>

    let types: [TokenType]
    /// The decoded bytes of all tokens, one after the other.
    private let storage: [UInt8]
    /// Where each token's bytes begin; one more entry than tokens.
    private let offsets: [Int]
    let preTokenizer: PreTokenizer
    let merges: MergeTable
    let specials: SpecialTokenTrie
    let bound: TokenBound
    /// Bytes of the longest token.
    package let longestToken: Int
    private let vocabulary: Vocabulary

    /// Throws `invalid` with what was found and expected if the description contradicts itself.
    package init(_ description: TokenizerDescription) throws(TokenizerError) {
        guard description.model == "gpt2" else {
            throw TokenizerError(.invalid, "unsupported tokenizer model '\(description.model)'; expected gpt2")
        }
        preTokenizer = try PreTokenizer.named(description.preTokenizer)
        let vocabulary = try Vocabulary(description)
        self.vocabulary = vocabulary
        types = vocabulary.types
        merges = try vocabulary.mergeTable(description.merges)
        specials = try vocabulary.specialTokenTrie()

        vocabularyCount = description.tokens.count
        beginToken = try Self.checked(description.beginToken, "begin token", count: vocabularyCount)
        endToken = try Self.checked(description.endToken, "end token", count: vocabularyCount)
        unknownToken = try Self.checked(description.unknownToken, "unknown token", count: vocabularyCount)
        paddingToken = try Self.checked(description.paddingToken, "padding token", count: vocabularyCount)
        addsBeginToken = description.addsBeginToken

        var ends = Set([endToken].compactMap { $0 })
        for text in Self.endOfTurnTexts {
            if let token = vocabulary.special(Array(text.utf8)), types[Int(token)].isControl { ends.insert(token) }
        }
        endOfGenerationTokens = ends

        var storage: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(description.tokens.count + 1)
        for (text, type) in zip(description.tokens, types) {
            storage += Self.decodedBytes(of: text, type)
            offsets.append(storage.count)
        }
        self.storage = storage
        self.offsets = offsets
        longestToken = zip(offsets.dropFirst(), offsets).map { $0 - $1 }.max() ?? 0
        bound = TokenBound(
            longestToken: longestToken, byteTokens: merges.byteTokens, composes: preTokenizer.composes)
    }

    private static func checked(_ token: Int32?, _ name: String, count: Int) throws(TokenizerError) -> Int32? {
        if let token, token < 0 || Int(token) >= count {
            throw TokenizerError(.invalid, "\(name) is \(token); expected an id below \(count)")
        }
        return token
    }

    private static func decodedBytes(of text: [UInt8], _ type: TokenType) -> [UInt8] {
        switch type {
        case .control, .unknown, .userDefined: return text
        case .byte:
            // `<0x0A>` stands for the byte 0A.
            let string = String(decoding: text, as: UTF8.self)
            if string.hasPrefix("<0x"), string.hasSuffix(">"), text.count == 6,
                let byte = UInt8(string.dropFirst(3).dropLast(), radix: 16)
            {
                return [byte]
            }
            return ByteAlphabet.decode(text)
        case .normal, .unused, .undefined: return ByteAlphabet.decode(text)
        }
    }

    // MARK: - Tokens

    /// The bytes a token stands for; a control token's own text; nothing for an id out of range.
    package func bytes(of token: Int32) -> [UInt8] {
        guard let range = byteRange(of: token) else { return [] }
        return Array(storage[range])
    }

    private func byteRange(of token: Int32) -> Range<Int>? {
        guard token >= 0, Int(token) < vocabularyCount else { return nil }
        return offsets[Int(token)]..<offsets[Int(token) + 1]
    }

    func append(bytesOf token: Int32, to bytes: inout [UInt8]) {
        if let range = byteRange(of: token) { bytes += storage[range] }
    }

    /// Whether the token steers the model and must never be shown as text. False for an id out of range.
    package func isControl(_ token: Int32) -> Bool {
        token >= 0 && Int(token) < vocabularyCount && types[Int(token)].isControl
    }

    /// The token whose text is exactly this: a special token of that literal text, else an ordinary token of those bytes.
    package func token(forText text: String) -> Int32? {
        let bytes = Array(text.utf8)
        return vocabulary.special(bytes) ?? vocabulary.ordinary(ByteAlphabet.encode(bytes))
    }

    /// The ordinary token of a whole piece, for pre-tokenizers that ask.
    func wholeToken(_ piece: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard piece.count <= longestToken else { return nil }
        return vocabulary.ordinary(ByteAlphabet.encode(piece))
    }
}
