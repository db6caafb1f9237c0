import PinionJSON

/// The bytes of the files of a Hugging Face folder that tell its tokenizer.
package struct TokenizerFiles: Sendable {
    /// `tokenizer.json`.
    package var tokenizer: [UInt8]
    /// `tokenizer_config.json`, if there is one. What it says of special tokens counts before the two others.
    package var configuration: [UInt8]?
    /// `special_tokens_map.json`, if there is one.
    package var specialTokens: [UInt8]?

    package init(tokenizer: [UInt8], configuration: [UInt8]? = nil, specialTokens: [UInt8]? = nil) {
        self.tokenizer = tokenizer
        self.configuration = configuration
        self.specialTokens = specialTokens
    }

    /// What these files may claim. A vocabulary of 262,144 tokens and 515,000 merges has 2.1 million values.
    static let limits = JSONLimits(depth: 64, values: 16_000_000, nameLength: 64 << 10)
}
