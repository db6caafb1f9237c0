/// Turns text into token ids and back by the rules of a model's files.
///
///     let tokenizer = try Tokenizer(TokenizerDescription(metadata))
///     let tokens = tokenizer.surrounded(tokenizer.encode("Hello"))
///     let text = tokenizer.decode(tokens)
///
/// Immutable after its creation and safe to use from any thread. Encoding never fails. What the vocabulary has no token
/// for becomes the model's unknown token, or is left out where the model names none, or names one that has another
/// meaning too: no request may produce such a control token.
package final class Tokenizer: Sendable {
    /// Most tokens a vocabulary may hold; the same bound holds for merges.
    package static let maximumVocabularyCount = 4_000_000
    /// Units of work after which it is asked anew whether a text can stay below its limit.
    static let checkedWork = 16 << 10
    /// Bytes at the end of a text that are tokenized although the limit is reached: in a few milliseconds the true number
    /// of tokens is known, which helps its author more than "more than 8192".
    static let countedBytes = 64 << 10

    package let vocabularyCount: Int
    package let beginToken: Int32?
    package let endToken: Int32?
    package let unknownToken: Int32?
    package let paddingToken: Int32?
    /// What a chat template is told of special tokens.
    package let specialTexts: SpecialTexts
    /// The tokens that the model expects before and after a text; see ``surrounded(_:)``.
    package let prefix: [Int32]
    package let suffix: [Int32]
    /// The end token, further ones that the files name, and control tokens known by their text to end a turn.
    package let endOfGenerationTokens: Set<Int32>

    let vocabulary: Vocabulary
    let normalizer: Normalizer
    let preTokenizer: PreTokenizer
    let model: TokenModel
    /// Added tokens that are looked for in the text as it comes, and in normalised text.
    let literalTokens: AddedTokenTrie
    let normalizedTokens: AddedTokenTrie
    let tokenBytes: TokenBytes
    let bound: TokenBound
    private let decoder: DecoderDescription

    /// Throws `invalid` with what was found and expected if the description contradicts itself.
    package init(_ description: TokenizerDescription) throws(TokenizerError) {
        let vocabulary = try Vocabulary(description)
        let count = description.tokens.count
        vocabularyCount = count
        beginToken = try Self.checked(description.beginToken, "begin token", count: count)
        endToken = try Self.checked(description.endToken, "end token", count: count)
        unknownToken = try Self.checked(description.unknownToken, "unknown token", count: count)
        paddingToken = try Self.checked(description.paddingToken, "padding token", count: count)
        for token in description.prefix + description.suffix {
            _ = try Self.checked(token, "a token around texts", count: count)
        }
        specialTexts = description.specialTexts
        prefix = description.prefix
        suffix = description.suffix
        endOfGenerationTokens = description.endOfGenerationTokens(vocabulary).filter { $0 >= 0 && Int($0) < count }

        let normalizer = try Normalizer(description.normalizer)
        let preTokenizer = try PreTokenizer(description.preTokenizer)
        let steering = endOfGenerationTokens.union([description.beginToken, description.endToken].compactMap { $0 })
        let model = try TokenModel(description.model, vocabulary) { steering.contains($0) }
        (literalTokens, normalizedTokens) = try Self.tries(description, vocabulary, normalizer)
        tokenBytes = TokenBytes(description, vocabulary.types)
        bound = TokenBound(description, model, preTokenizer, longestToken: tokenBytes.longest)
        self.vocabulary = vocabulary
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.model = model
        decoder = description.decoder
    }

    package convenience init(_ metadata: TokenizerMetadata) throws(TokenizerError) {
        try self.init(TokenizerDescription(metadata))
    }

    private static func checked(_ token: Int32?, _ name: String, count: Int) throws(TokenizerError) -> Int32? {
        if let token, token < 0 || Int(token) >= count {
            throw TokenizerError(.invalid, "\(name) is \(token); expected an id below \(count)")
        }
        return token
    }

    /// Control tokens are always looked for literally, because the ranges of a template are ranges of the text as it comes.
    private static func tries(
        _ description: TokenizerDescription, _ vocabulary: Vocabulary, _ normalizer: Normalizer
    ) throws(TokenizerError) -> (literal: AddedTokenTrie, normalized: AddedTokenTrie) {
        var literal: [(text: [UInt8], entry: AddedTokenTrie.Entry)] = []
        var normalized: [(text: [UInt8], entry: AddedTokenTrie.Entry)] = []
        for added in description.addedTokens {
            let text = Array(description.tokens[Int(added.token)])
            let entry = AddedTokenTrie.Entry(
                added: added, isControl: vocabulary.types[Int(added.token)].isControl)
            if added.isNormalized, !entry.isControl, !normalizer.isEmpty {
                let changed = try text.withUnsafeBufferPointer { text throws(TokenizerError) in
                    try normalizer.normalized(text, meter: EncodingMeter())
                }
                normalized.append((changed ?? text, entry))
            } else {
                literal.append((text, entry))
            }
        }
        return (AddedTokenTrie(literal), AddedTokenTrie(normalized))
    }

    // MARK: - Tokens

    /// Bytes of the longest token.
    package var longestToken: Int { tokenBytes.longest }

    /// Whether the model expects ``beginToken`` before a prompt; ``encode(_:parsingSpecialTokens:)`` does not add it.
    package var addsBeginToken: Bool { beginToken.map(prefix.contains) ?? false }

    /// Tokens with those around them that the model expects, unless they are there already.
    package func surrounded(_ tokens: [Int32]) -> [Int32] {
        let begins = tokens.starts(with: prefix)
        let ends = tokens.suffix(suffix.count).elementsEqual(suffix)
        return (begins ? [] : prefix) + tokens + (ends ? [] : suffix)
    }

    /// The bytes a token stands for within a text; a control token's own text; nothing for an id out of range.
    package func bytes(of token: Int32) -> [UInt8] {
        contains(token) ? Array(tokenBytes[token]) : []
    }

    func contains(_ token: Int32) -> Bool { token >= 0 && Int(token) < vocabularyCount }

    /// Whether the token steers the model and must never be shown as text. False for an id out of range.
    package func isControl(_ token: Int32) -> Bool {
        contains(token) && vocabulary.types[Int(token)].isControl
    }

    /// The token whose text is exactly this: a special token of that literal text, else an ordinary token of those bytes.
    package func token(forText text: String) -> Int32? {
        let bytes = Array(text.utf8)
        if let special = vocabulary.special(bytes) { return special }
        switch decoder.spelling {
        case .byteLevel: return vocabulary.ordinary(ByteAlphabet.encode(bytes))
        case .plain, .wordPiece: return vocabulary.ordinary(bytes)
        case .replacing:
            let marked = bytes.flatMap { $0 == 0x20 ? DecoderDescription.metaspace : [$0] }
            return vocabulary.ordinary(marked)
        }
    }
}
