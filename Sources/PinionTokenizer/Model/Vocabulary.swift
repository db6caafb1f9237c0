/// The texts of a vocabulary by which tokens are found, checked as it is built.
struct Vocabulary: Sendable {
    let tokens: ByteStrings
    let types: [TokenType]
    /// Texts of all tokens that a model may produce; of equal texts the last token counts.
    let ordinaryTokens: ByteStringTable
    /// Literal texts of tokens that are found as a whole; of equal texts the last token counts.
    private let specialTokens: ByteStringTable

    init(_ description: TokenizerDescription) throws(TokenizerError) {
        let tokens = description.tokens
        guard tokens.count > 0 else { throw TokenizerError(.invalid, "the vocabulary is empty") }
        guard tokens.count <= Tokenizer.maximumVocabularyCount else {
            throw TokenizerError(
                .invalid,
                "the vocabulary has \(tokens.count) tokens; at most \(Tokenizer.maximumVocabularyCount) are allowed")
        }
        guard description.types.count == tokens.count else {
            throw TokenizerError(.invalid, "found \(description.types.count) token types for \(tokens.count) tokens")
        }
        var isSpecial = description.types.map(\.isControl)
        for added in description.addedTokens {
            let index = Int(added.token)
            guard tokens.offsets.indices.dropLast().contains(index) else {
                throw TokenizerError(
                    .invalid, "an added token has the id \(added.token); expected an id below \(tokens.count)")
            }
            guard tokens.range(of: index).count <= AddedTokenTrie.maximumLength else {
                throw TokenizerError(
                    .invalid,
                    "special token \(index) is \(tokens.range(of: index).count) bytes long; at most "
                        + "\(AddedTokenTrie.maximumLength) are allowed")
            }
            isSpecial[index] = true
        }
        let types = description.types
        self.tokens = tokens
        self.types = types
        ordinaryTokens = ByteStringTable(tokens) { types[$0].isOrdinary }
        specialTokens = ByteStringTable(tokens) { isSpecial[$0] }
    }

    /// Longest token of a model that walks along the tokens' texts, in bytes; it bounds the work per byte of text, and that
    /// of finding all ways to cut a token in two.
    private static let maximumWalkedLength = 1024

    func checkLength(of token: Int) throws(TokenizerError) {
        let length = tokens.range(of: token).count
        guard length <= Self.maximumWalkedLength else {
            throw TokenizerError(
                .invalid, "token \(token) is \(length) bytes long; at most \(Self.maximumWalkedLength) are allowed")
        }
    }

    func ordinary(_ text: some Collection<UInt8>) -> Int32? {
        let token = ordinaryTokens.find(text)
        return token >= 0 ? token : nil
    }

    func special(_ text: some Collection<UInt8>) -> Int32? {
        let token = specialTokens.find(text)
        return token >= 0 ? token : nil
    }

    /// The tokens `<0x00>` to `<0xFF>`, or -1 where there is none.
    var byteTokens: [Int32] {
        (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return ordinary(Array("<0x\(digits.count < 2 ? "0" : "")\(digits)>".utf8)) ?? -1
        }
    }

    /// The byte that the text `<0x0A>` stands for, nil if it is another text.
    static func byte(named text: ArraySlice<UInt8>) -> UInt8? {
        guard text.count == 6, text.starts(with: [0x3C, 0x30, 0x78]), text.last == 0x3E else { return nil }
        return UInt8(String(decoding: text.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
    }
}
