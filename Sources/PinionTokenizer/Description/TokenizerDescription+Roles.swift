extension TokenizerDescription {
    /// Texts of control tokens that end a model's turn.
    static let endOfTurnTexts = [
        "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|end_of_text|>", "<|eom_id|>",
        "<|return|>", "<|call|>", "<turn|>", "<eos>", "<EOT>", "[EOT]", "<end_of_utterance>",
        "<\u{FF5C}end\u{2581}of\u{2581}sentence\u{FF5C}>", "<|END_OF_TURN_TOKEN|>", "<|endofturn|>", "<|eot|>",
    ]
    /// Ends a text in some vocabularies, and is a tag of HTML in others: it ends a turn only as a control token, and is
    /// made one only where the file names no other end.
    static let sentenceEndText = "</s>"
    /// Where a vocabulary has both, `<|end|>` ends a message and not the turn (the Harmony format).
    private static let harmonyTexts = ["<|return|>", "<|call|>"]

    /// Makes control tokens of those that steer the model whatever the file calls them: some converters write a chat
    /// format's `<|im_end|>` as user-defined, and no request may forge it then either.
    ///
    /// - Parameters:
    ///   - isUntyped: Whether the file tells no types, so that ordinary tokens may be control tokens too.
    ///   - mayEndSentences: Whether `</s>` becomes a control token where no other end is named.
    mutating func promoteControlTokens(isUntyped: Bool = false, mayEndSentences: Bool) {
        let ends = Self.endOfTurnTexts.map { Array($0.utf8) }
        let sentenceEnd = Array(Self.sentenceEndText.utf8)
        var added = Set(addedTokens.map(\.token))
        func promote(_ index: Int) {
            types[index] = .control
            if added.insert(Int32(index)).inserted { addedTokens.append(AddedToken(Int32(index))) }
        }
        for index in types.indices where types[index] == .userDefined || isUntyped && types[index] == .normal {
            let text = tokens[index]
            guard let first = text.first, first == 0x3C || first == 0x5B else { continue }
            let isMarker =
                text.count > 4 && text.starts(with: [0x3C, 0x7C]) && text.suffix(2).elementsEqual([0x7C, 0x3E])
            let isSentenceEnd = mayEndSentences && endToken == nil && text.elementsEqual(sentenceEnd)
            if isMarker || isSentenceEnd || ends.contains(where: text.elementsEqual) { promote(index) }
        }
        for token in [beginToken, endToken].compactMap({ $0 }).map(Int.init) where types.indices.contains(token) {
            promote(token)
        }
        for token in furtherEndTokens.map(Int.init) where types.indices.contains(token) { promote(token) }
    }

    /// Makes ends of a generation of tokens that other files name (`generation_config.json`); ids that the vocabulary does
    /// not have are left out.
    package mutating func addEndTokens(_ tokens: some Sequence<Int32>) {
        furtherEndTokens.formUnion(tokens.filter { types.indices.contains(Int($0)) })
        promoteControlTokens(mayEndSentences: false)
    }

    /// The end token, the further ones, and control tokens known by their text to end a turn.
    func endOfGenerationTokens(_ vocabulary: Vocabulary) -> Set<Int32> {
        var ends = furtherEndTokens.union([endToken].compactMap { $0 })
        func control(_ text: String) -> Int32? {
            vocabulary.special(Array(text.utf8)).flatMap { vocabulary.types[Int($0)].isControl ? $0 : nil }
        }
        for text in Self.endOfTurnTexts + [Self.sentenceEndText] {
            if let token = control(text) { ends.insert(token) }
        }
        if Self.harmonyTexts.allSatisfy({ control($0) != nil }), let end = control("<|end|>"), end != endToken {
            ends.remove(end)
        }
        return ends
    }
}
