import PinionJSON

extension TokenizerDescription {
    /// Makes a description of the files of a folder.
    ///
    /// - Throws: `invalid` naming the file, what was found and what was expected.
    package init(_ files: TokenizerFiles) throws(TokenizerError) {
        let file = try TokenizerFile(files.tokenizer)
        let configuration = try TokenizerConfiguration(files)
        var vocabulary = try FileVocabulary(file.model)
        try vocabulary.add(AddedTokenEntry.list(file.addedTokens))
        try vocabulary.add(configuration.addedTokens)

        let preTokenizer = try ComponentReader.preTokenizer(file.preTokenizer)
        let decoder = try ComponentReader.decoder(file.decoder)
        let isByteLevel = preTokenizer.contains { if case .byteLevel = $0 { true } else { false } }
        let model = try ModelReader(file.model, vocabulary).model(isByteLevel: isByteLevel)
        vocabulary.markRoles(of: model, readsByteTokens: decoder.readsByteTokens)

        self.init(
            tokens: vocabulary.texts, types: vocabulary.types, addedTokens: vocabulary.addedTokens, model: model,
            decoder: decoder)
        normalizer = try ComponentReader.normalizer(file.normalizer)
        self.preTokenizer = preTokenizer
        (prefix, suffix) = try ComponentReader.surroundings(file.postProcessor)
        for token in prefix + suffix where token < 0 || Int(token) >= tokens.count {
            throw ComponentReader.failure(
                "'post_processor' names the token \(token); expected an id below \(tokens.count)")
        }
        specialTexts = configuration.specialTexts
        beginToken = configuration.beginText.flatMap(vocabulary.token)
        endToken = configuration.endText.flatMap(vocabulary.token)
        unknownToken = configuration.unknownText.flatMap(vocabulary.token) ?? model.unknownToken
        paddingToken = configuration.paddingText.flatMap(vocabulary.token)
        if configuration.addsBegin != nil || configuration.addsEnd != nil {
            // The configuration counts before the post-processor as soon as it says anything of either.
            prefix = configuration.addsBegin == true ? [beginToken].compactMap { $0 } : []
            suffix = configuration.addsEnd == true ? [endToken].compactMap { $0 } : []
        }
        if beginToken == nil { beginToken = prefix.first }
        // These files say of each added token whether it is special.
        promoteControlTokens(mayEndSentences: false)
    }
}
