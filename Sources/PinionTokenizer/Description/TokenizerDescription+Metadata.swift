import PinionJSON

extension TokenizerDescription {
    /// Makes a description of a GGUF file's metadata.
    ///
    /// - Throws: `invalid` naming what was found and what was expected.
    package init(_ metadata: TokenizerMetadata) throws(TokenizerError) {
        let tokens = ByteStrings(metadata.tokens)
        let types = try Self.types(of: metadata)
        let builder = MetadataBuilder(metadata: metadata, tokens: tokens, types: types)
        switch ProtocolWord(metadata.model) {
        case "gpt2": self = try builder.bytePairs()
        case "gemma4": self = try builder.characterPairs()
        case "llama": self = try builder.scoredPairs()
        case "t5": self = try builder.unigram()
        case "bert": self = try builder.wordPiece()
        default:
            throw TokenizerError(
                .invalid,
                "unsupported tokenizer model '\(metadata.model.prefix(80))'; expected gpt2, llama, gemma4, t5 or bert")
        }
        promoteControlTokens(isUntyped: metadata.types.isEmpty, mayEndSentences: true)
        let named = [
            ("bos_token", beginToken), ("eos_token", endToken), ("unk_token", unknownToken),
            ("sep_token", metadata.separatorToken), ("pad_token", paddingToken), ("cls_token", metadata.classToken),
            ("mask_token", metadata.maskToken),
        ]
        for case (let name, let token?) in named where types.indices.contains(Int(token)) {
            specialTexts.add(name, Array(self.tokens[Int(token)]))
        }
    }

    private static func types(of metadata: TokenizerMetadata) throws(TokenizerError) -> [TokenType] {
        let count = metadata.tokens.count
        guard count <= Tokenizer.maximumVocabularyCount else {
            throw TokenizerError(
                .invalid,
                "the vocabulary has \(count) tokens; at most \(Tokenizer.maximumVocabularyCount) are allowed")
        }
        guard metadata.types.isEmpty || metadata.types.count == count else {
            throw TokenizerError(.invalid, "found \(metadata.types.count) token types for \(count) tokens")
        }
        guard metadata.scores.isEmpty || metadata.scores.count == count else {
            throw TokenizerError(.invalid, "found \(metadata.scores.count) token scores for \(count) tokens")
        }
        guard metadata.merges.count <= Tokenizer.maximumVocabularyCount else {
            throw TokenizerError(
                .invalid,
                "found \(metadata.merges.count) merges; at most \(Tokenizer.maximumVocabularyCount) are allowed")
        }
        var types: [TokenType] = []
        types.reserveCapacity(count)
        for (index, raw) in metadata.types.enumerated() {
            guard let type = TokenType(rawValue: raw) else {
                throw TokenizerError(.invalid, "token \(index) has type \(raw); expected 0 to 6")
            }
            types.append(type)
        }
        return types.isEmpty ? Array(repeating: .normal, count: count) : types
    }
}

/// The steps of making a description of metadata, one method for each class of tokenizer.
private struct MetadataBuilder {
    let metadata: TokenizerMetadata
    let tokens: ByteStrings
    let types: [TokenType]

    /// GPT-2's class: pairs over the byte-level alphabet, cut by a named pattern first.
    func bytePairs() throws(TokenizerError) -> TokenizerDescription {
        let known = try KnownPreTokenizer.named(metadata.preTokenizer)
        if known.isCharacterLevel { return try characterPairs(addsBegin: known.addsBeginToken) }
        var pairs = TokenModelDescription.BytePairs(rules: .pairs(try mergePairs()), isByteLevel: true)
        pairs.ignoresMerges = known.ignoresMerges
        var description = described(.bytePairs(pairs), DecoderDescription(.byteLevel))
        description.normalizer = known.normalizer
        description.preTokenizer = known.steps
        surround(&description, addsBegin: known.addsBeginToken, addsEnd: false)
        return description
    }

    /// SentencePiece's pairs with a list of merges instead of scores, as Gemma 4 has them.
    func characterPairs(addsBegin: Bool = true) throws(TokenizerError) -> TokenizerDescription {
        var pairs = TokenModelDescription.BytePairs(rules: .pairs(try mergePairs()), isByteLevel: false)
        pairs.fallsBackToBytes = true
        pairs.fusesUnknown = true
        pairs.unknownToken = metadata.unknownToken
        var description = described(.bytePairs(pairs), Self.metaspaceDecoder(prefixed: false))
        description.normalizer = metaspaceNormalizer(prefixed: metadata.addsSpacePrefix ?? false)
        surround(&description, addsBegin: addsBegin, addsEnd: false)
        return description
    }

    /// SentencePiece's pairs, merged by score.
    func scoredPairs() throws(TokenizerError) -> TokenizerDescription {
        guard metadata.scores.count == tokens.count else {
            throw TokenizerError(.invalid, "found no token scores; a tokenizer of class 'llama' needs them")
        }
        var pairs = TokenModelDescription.BytePairs(rules: .scores(metadata.scores), isByteLevel: false)
        pairs.fallsBackToBytes = true
        pairs.fusesUnknown = true
        let known = token(metadata.unknownToken, default: 0)
        pairs.unknownToken = known
        let prefixed = metadata.addsSpacePrefix ?? true
        var description = described(.bytePairs(pairs), Self.metaspaceDecoder(prefixed: prefixed))
        description.normalizer = metaspaceNormalizer(prefixed: prefixed)
        description.unknownToken = known
        description.beginToken = token(metadata.beginToken, default: 1)
        description.endToken = token(metadata.endToken, default: 2)
        if metadata.architecture.map({ ProtocolWord($0) == "phi3" }) == true { stripAfterTokens(&description) }
        surround(&description, addsBegin: true, addsEnd: false)
        return description
    }

    /// SentencePiece's unigram class.
    func unigram() throws(TokenizerError) -> TokenizerDescription {
        guard metadata.scores.count == tokens.count else {
            throw TokenizerError(.invalid, "found no token scores; a tokenizer of class 't5' needs them")
        }
        let unknown = token(metadata.unknownToken, default: 2)
        var unigram = TokenModelDescription.Unigram(
            scores: metadata.scores.map(Double.init), unknownToken: unknown)
        unigram.followsSentencePiece = true
        let prefixed = metadata.addsSpacePrefix ?? true
        var description = described(.unigram(unigram), Self.metaspaceDecoder(prefixed: prefixed))
        if !metadata.characterMap.isEmpty {
            description.normalizer.append(.characterMap(metadata.characterMap, byGrapheme: false))
        }
        if metadata.removesExtraSpaces {
            // Spaces only: other white space is what the map of characters left on purpose.
            description.normalizer += [
                .replacePattern(" {2,}", with: [0x20]), .replacePattern(#"\A | \z"#, with: []),
            ]
        }
        description.normalizer += metaspaceNormalizer(prefixed: prefixed)
        description.unknownToken = unknown
        description.endToken = token(metadata.endToken, default: 1)
        description.paddingToken = token(metadata.paddingToken, default: 0)
        surround(&description, addsBegin: false, addsEnd: true)
        return description
    }

    /// BERT's word pieces, where tokens that begin a word begin with `▁`.
    func wordPiece() throws(TokenizerError) -> TokenizerDescription {
        let unknown = token(metadata.unknownToken, default: 100)
        let pieces = TokenModelDescription.WordPiece(
            marking: .beginning(DecoderDescription.metaspace), unknownToken: unknown)
        var description = described(.wordPiece(pieces), Self.metaspaceDecoder(prefixed: true))
        description.normalizer = [.cleanText, .spaceIdeographs]
        let lowercases = metadata.lowercases ?? true
        if metadata.stripsAccents ?? lowercases { description.normalizer += [.form(.decomposed), .stripAccents] }
        if lowercases { description.normalizer.append(.lowercase) }
        description.preTokenizer = PreTokenizerStep.words
        description.unknownToken = unknown
        description.beginToken = token(metadata.beginToken, default: 101)
        description.paddingToken = token(metadata.paddingToken, default: 0)
        surround(&description, addsBegin: true, addsEnd: false)
        if let separator = token(metadata.separatorToken, default: 102) { description.suffix.append(separator) }
        return description
    }

    // MARK: - Parts

    private func described(
        _ model: TokenModelDescription, _ decoder: DecoderDescription
    ) -> TokenizerDescription {
        let added = types.indices.filter { types[$0].isControl || types[$0] == .userDefined }
        var description = TokenizerDescription(
            tokens: tokens, types: types, addedTokens: added.map { AddedToken(Int32($0)) }, model: model,
            decoder: decoder)
        description.beginToken = metadata.beginToken
        description.endToken = metadata.endToken
        description.unknownToken = metadata.unknownToken
        description.paddingToken = metadata.paddingToken
        description.furtherEndTokens = Set([metadata.endOfTurnToken, metadata.endOfMessageToken].compactMap { $0 })
        return description
    }

    private func surround(_ description: inout TokenizerDescription, addsBegin: Bool, addsEnd: Bool) {
        if metadata.addsBeginToken ?? addsBegin, let begin = description.beginToken { description.prefix = [begin] }
        if metadata.addsEndToken ?? addsEnd, let end = description.endToken { description.suffix = [end] }
    }

    /// A class's own id for a token that the metadata does not name; nil if the vocabulary has no such id.
    private func token(_ named: Int32?, default id: Int32) -> Int32? {
        named ?? (Int(id) < tokens.count ? id : nil)
    }

    private func metaspaceNormalizer(prefixed: Bool) -> [NormalizerStep] {
        let replace = NormalizerStep.replace([0x20], with: DecoderDescription.metaspace)
        return prefixed ? [.prepend(DecoderDescription.metaspace), replace] : [replace]
    }

    private static func metaspaceDecoder(prefixed: Bool) -> DecoderDescription {
        DecoderDescription(
            .replacing([.init(DecoderDescription.metaspace, with: [0x20])]),
            beginning: prefixed ? .withoutSpaces(1) : .whole)
    }

    private func mergePairs() throws(TokenizerError) -> ByteStrings {
        var pairs = ByteStrings()
        pairs.reserve(count: metadata.merges.count * 2, bytes: metadata.merges.count * 8)
        for (index, merge) in metadata.merges.enumerated() {
            guard pairs.appendMerge(merge.utf8) else {
                throw TokenizerError(.invalid, "merge \(index) is '\(merge)'; expected two pieces and one space")
            }
        }
        return pairs
    }

    /// Phi-3's chat tokens take the white space after them.
    private func stripAfterTokens(_ description: inout TokenizerDescription) {
        let others = ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8) }
        for index in description.addedTokens.indices {
            let text = tokens[Int(description.addedTokens[index].token)]
            if !others.contains(where: text.elementsEqual) { description.addedTokens[index].stripsRight = true }
        }
    }
}

extension ByteStrings {
    /// Appends both sides of a merge written `left right`; false if it is not.
    mutating func appendMerge(_ merge: some BidirectionalCollection<UInt8>) -> Bool {
        guard let space = merge.firstIndex(of: 0x20), space > merge.startIndex else { return false }
        let second = merge.index(after: space)
        guard second < merge.endIndex else { return false }
        append(merge[..<space])
        append(merge[second...])
        return true
    }
}
