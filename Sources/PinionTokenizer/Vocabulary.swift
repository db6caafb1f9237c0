/// The texts of a vocabulary by which tokens and merges are found, checked as it is built.
struct Vocabulary: Sendable {
    let types: [TokenType]
    /// Byte-level texts of all tokens that merges may produce; of equal texts the last token counts.
    private let ordinaryTokens: [[UInt8]: Int32]
    /// Literal texts of control, unknown and user-defined tokens; of equal texts the last token counts.
    private let specialTokens: [[UInt8]: Int32]

    init(_ description: TokenizerDescription) throws(TokenizerError) {
        let tokens = description.tokens
        guard !tokens.isEmpty else { throw TokenizerError(.invalid, "the vocabulary is empty") }
        guard tokens.count <= Tokenizer.maximumVocabularyCount else {
            throw TokenizerError(
                .invalid,
                "the vocabulary has \(tokens.count) tokens; at most \(Tokenizer.maximumVocabularyCount) are allowed")
        }
        guard description.types.isEmpty || description.types.count == tokens.count else {
            throw TokenizerError(
                .invalid, "found \(description.types.count) token types for \(tokens.count) tokens")
        }
        var types: [TokenType] = []
        types.reserveCapacity(tokens.count)
        for (index, raw) in description.types.enumerated() {
            guard let type = TokenType(rawValue: raw) else {
                throw TokenizerError(.invalid, "token \(index) has type \(raw); expected 0 to 6")
            }
            types.append(type)
        }
        if types.isEmpty { types = Array(repeating: .normal, count: tokens.count) }
        Self.promoteControlTokens(&types, description)

        var ordinary: [[UInt8]: Int32] = [:]
        var special: [[UInt8]: Int32] = [:]
        ordinary.reserveCapacity(tokens.count)
        for (index, text) in tokens.enumerated() {
            let type = types[index]
            if type.isControl || type == .userDefined { special[text] = Int32(index) }
            if !type.isControl { ordinary[text] = Int32(index) }
        }
        self.types = types
        ordinaryTokens = ordinary
        specialTokens = special
    }

    /// Makes control tokens of those that steer the model whatever the file calls them: some converters write a chat
    /// format's `<|im_end|>` as user-defined, and no request may forge it then either.
    private static func promoteControlTokens(_ types: inout [TokenType], _ description: TokenizerDescription) {
        let isUntyped = description.types.isEmpty
        for (index, text) in description.tokens.enumerated()
        where types[index] == .userDefined || isUntyped && types[index] == .normal {
            let isMarker =
                text.count > 4 && text.starts(with: [0x3C, 0x7C]) && text.suffix(2).elementsEqual([0x7C, 0x3E])
            if isMarker || Tokenizer.endOfTurnTexts.contains(where: { text.elementsEqual($0.utf8) }) {
                types[index] = .control
            }
        }
        for token in [description.beginToken, description.endToken].compactMap({ $0 }).map(Int.init)
        where types.indices.contains(token) { types[token] = .control }
    }

    func ordinary(_ text: [UInt8]) -> Int32? { ordinaryTokens[text] }

    func special(_ text: [UInt8]) -> Int32? { specialTokens[text] }

    /// Resolves merges to token ids.
    ///
    /// A pair listed twice takes its last rank. A merge that involves a control token is left out: no text may produce one.
    func mergeTable(_ merges: [String]) throws(TokenizerError) -> MergeTable {
        guard merges.count <= Tokenizer.maximumVocabularyCount else {
            throw TokenizerError(
                .invalid,
                "found \(merges.count) merges; at most \(Tokenizer.maximumVocabularyCount) are allowed")
        }
        var rules: [UInt64: UInt64] = [:]
        rules.reserveCapacity(merges.count)
        for (index, merge) in merges.enumerated() {
            let text = Array(merge.utf8)
            guard let space = text.firstIndex(of: 0x20), space > 0, space + 1 < text.count else {
                throw TokenizerError(.invalid, "merge \(index) is '\(merge)'; expected two pieces and one space")
            }
            let left = Array(text[..<space])
            let right = Array(text[(space + 1)...])
            guard let leftToken = try mergeToken(left, index), let rightToken = try mergeToken(right, index),
                let result = try mergeToken(left + right, index)
            else { continue }
            rules[MergeTable.key(leftToken, rightToken)] = MergeTable.value(
                rank: UInt32(index), result: result)
        }
        return MergeTable(rules: rules, byteTokens: ByteAlphabet.texts.map { ordinaryTokens[$0] ?? -1 })
    }

    /// The ordinary token of a merge's piece; nil if only a control token has that text.
    private func mergeToken(_ piece: [UInt8], _ merge: Int) throws(TokenizerError) -> Int32? {
        if let token = ordinaryTokens[piece] { return token }
        if specialTokens[piece] != nil { return nil }
        throw TokenizerError(
            .invalid,
            "merge \(merge) names '\(String(decoding: piece, as: UTF8.self))', which is not in the vocabulary")
    }

    func specialTokenTrie() throws(TokenizerError) -> SpecialTokenTrie {
        for (text, token) in specialTokens where text.count > SpecialTokenTrie.maximumLength {
            throw TokenizerError(
                .invalid,
                "special token \(token) is \(text.count) bytes long; at most \(SpecialTokenTrie.maximumLength) are allowed"
            )
        }
        return SpecialTokenTrie(specialTokens.map { ($0.key, $0.value, types[Int($0.value)].isControl) })
    }
}
