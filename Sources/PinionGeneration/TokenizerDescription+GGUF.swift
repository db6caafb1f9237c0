import PinionTensor
import PinionText

extension TokenizerDescription {
    /// Reads a GGUF file's `tokenizer.ggml.*` metadata.
    ///
    /// - Throws: ``GenerationError`` naming the key, what was found and what was expected.
    init(_ file: GGUFFile) throws(GenerationError) {
        func wrong(_ key: String, _ expected: String) -> GenerationError {
            let found = file[key].map { "is \($0.summary)" } ?? "is missing"
            return GenerationError(.model, "\(file.file.path): metadata '\(key)' \(found), expected \(expected)")
        }
        func token(_ key: String) throws(GenerationError) -> Int32? {
            guard let value = file[key] else { return nil }
            guard let id = value.int.flatMap(Int32.init(exactly:)) else { throw wrong(key, "a token id") }
            return id
        }
        guard let model = file["tokenizer.ggml.model"]?.string else { throw wrong("tokenizer.ggml.model", "a name") }
        guard let tokens = file["tokenizer.ggml.tokens"]?.strings else {
            throw wrong("tokenizer.ggml.tokens", "an array of strings")
        }
        let types = file["tokenizer.ggml.token_type"]?.integers ?? []
        self.init(
            model: model, preTokenizer: file["tokenizer.ggml.pre"]?.string ?? "default",
            tokens: tokens.map { Array($0.utf8) }, types: types.map { Int32(clamping: $0) },
            merges: file["tokenizer.ggml.merges"]?.strings ?? [], beginToken: try token("tokenizer.ggml.bos_token_id"),
            endToken: try token("tokenizer.ggml.eos_token_id"),
            unknownToken: try token("tokenizer.ggml.unknown_token_id"),
            paddingToken: try token("tokenizer.ggml.padding_token_id"),
            addsBeginToken: file["tokenizer.ggml.add_bos_token"]?.bool ?? false)
    }
}
