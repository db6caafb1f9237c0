import PinionTokenizer

extension TokenizerMetadata {
    /// Reads a GGUF file's `tokenizer.ggml.*` metadata.
    ///
    /// - Throws: ``ModelError`` naming the key, what was found and what was expected.
    init(_ file: GGUFModel) throws(ModelError) {
        let keys = TokenizerKeys(file: file)
        guard let model = try keys.string("model") else { throw keys.wrong("model", "a name") }
        guard let tokens = try keys.strings("tokens") else { throw keys.wrong("tokens", "an array of strings") }
        let isNamed = model.utf8.elementsEqual("gpt2".utf8)
        let merges = try keys.strings("merges")
        guard merges != nil || !isNamed else { throw keys.wrong("merges", "an array of strings") }
        let preTokenizer = try keys.string("pre")
        let classToken = try keys.token("cls_token_id")
        guard preTokenizer != nil || !isNamed else { throw keys.wrong("pre", "a name") }
        self.init(
            model: model, preTokenizer: preTokenizer ?? "default",
            tokens: tokens.map { Array($0.utf8) },
            types: try keys.integers("token_type")?.map { Int32(clamping: $0) } ?? [], merges: merges ?? [],
            beginToken: try keys.token("bos_token_id") ?? classToken,
            endToken: try keys.token("eos_token_id"), unknownToken: try keys.token("unknown_token_id"),
            paddingToken: try keys.token("padding_token_id"), addsBeginToken: try keys.boolean("add_bos_token"))
        scores = try keys.floats("scores") ?? []
        separatorToken = try keys.token("seperator_token_id")
        self.classToken = classToken
        maskToken = try keys.token("mask_token_id")
        endOfTurnToken = try keys.token("eot_token_id")
        endOfMessageToken = try keys.token("eom_token_id")
        addsEndToken = try keys.boolean("add_eos_token")
        addsSpacePrefix = try keys.boolean("add_space_prefix")
        removesExtraSpaces = try keys.boolean("remove_extra_whitespaces") ?? false
        characterMap = try keys.integers("precompiled_charsmap")?.map { UInt8(truncatingIfNeeded: $0) } ?? []
        lowercases = try keys.boolean("normalizer.lowercase")
        stripsAccents = try keys.boolean("normalizer.strip_accents")
        architecture = file["general.architecture"]?.string
    }
}

/// The keys under `tokenizer.ggml.`; a key that is missing gives nil, one of another type is refused.
private struct TokenizerKeys {
    let file: GGUFModel

    func wrong(_ key: String, _ expected: String) -> ModelError {
        let found = value(key).map { "is \($0.summary)" } ?? "is missing"
        return ModelError(
            .invalidConfiguration, "\(file.path): metadata 'tokenizer.ggml.\(key)' \(found), expected \(expected)")
    }

    private func value(_ key: String) -> MetadataValue? { file["tokenizer.ggml." + key] }

    private func read<Value>(
        _ key: String, _ expected: String, _ convert: (MetadataValue) -> Value?
    ) throws(ModelError) -> Value? {
        guard let value = value(key) else { return nil }
        guard let converted = convert(value) else { throw wrong(key, expected) }
        return converted
    }

    func string(_ key: String) throws(ModelError) -> String? { try read(key, "a name", \.string) }

    func strings(_ key: String) throws(ModelError) -> [String]? {
        try read(key, "an array of strings", \.strings)
    }

    func integers(_ key: String) throws(ModelError) -> [Int64]? {
        try read(key, "an array of integers", \.integers)
    }

    /// Scores are written as integers too.
    func floats(_ key: String) throws(ModelError) -> [Float]? {
        try read(key, "an array of numbers") { value in
            switch value {
            case .floats(let values): values
            case .integers(let values): values.map(Float.init)
            default: nil
            }
        }
    }

    func boolean(_ key: String) throws(ModelError) -> Bool? { try read(key, "a boolean", \.bool) }

    func token(_ key: String) throws(ModelError) -> Int32? {
        try read(key, "a token id") { $0.int.flatMap { Int32(exactly: $0) } }
    }
}
