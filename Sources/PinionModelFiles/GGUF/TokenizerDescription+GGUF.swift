import PinionTokenizer

extension TokenizerDescription {
    /// Reads a GGUF file's `tokenizer.ggml.*` metadata.
    ///
    /// - Throws: ``ModelError`` naming the key, what was found and what was expected.
    init(_ file: GGUFModel) throws(ModelError) {
        func wrong(_ key: String, _ expected: String) -> ModelError {
            let found = file[key].map { "is \($0.summary)" } ?? "is missing"
            return ModelError(.invalidConfiguration, "\(file.path): metadata '\(key)' \(found), expected \(expected)")
        }
        func token(_ key: String) throws(ModelError) -> Int32? {
            guard let value = file[key] else { return nil }
            guard let id = value.int.flatMap(Int32.init(exactly:)) else { throw wrong(key, "a token id") }
            return id
        }
        guard let model = file["tokenizer.ggml.model"]?.string else { throw wrong("tokenizer.ggml.model", "a name") }
        guard let tokens = file["tokenizer.ggml.tokens"]?.strings else {
            throw wrong("tokenizer.ggml.tokens", "an array of strings")
        }
        guard let merges = file["tokenizer.ggml.merges"]?.strings else {
            throw wrong("tokenizer.ggml.merges", "an array of strings")
        }
        guard let preTokenizer = file["tokenizer.ggml.pre"]?.string else { throw wrong("tokenizer.ggml.pre", "a name") }
        let types = file["tokenizer.ggml.token_type"]?.integers
        guard types != nil || file["tokenizer.ggml.token_type"] == nil else {
            throw wrong("tokenizer.ggml.token_type", "an array of integers")
        }
        let addsBegin = file["tokenizer.ggml.add_bos_token"]?.bool
        guard addsBegin != nil || file["tokenizer.ggml.add_bos_token"] == nil else {
            throw wrong("tokenizer.ggml.add_bos_token", "a boolean")
        }
        self.init(
            model: model, preTokenizer: preTokenizer,
            tokens: tokens.map { Array($0.utf8) }, types: (types ?? []).map { Int32(clamping: $0) },
            merges: merges, beginToken: try token("tokenizer.ggml.bos_token_id"),
            endToken: try token("tokenizer.ggml.eos_token_id"),
            unknownToken: try token("tokenizer.ggml.unknown_token_id"),
            paddingToken: try token("tokenizer.ggml.padding_token_id"),
            addsBeginToken: addsBegin ?? false)
    }
}
