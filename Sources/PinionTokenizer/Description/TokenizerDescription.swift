/// A tokenizer as plain values: normaliser, pre-tokenizer, model, the tokens around a prompt, decoder.
///
/// A description is made from metadata as GGUF holds it (``TokenizerMetadata``), or from the bytes of `tokenizer.json`
/// and the files beside it (``TokenizerFiles``):
///
///     let tokenizer = try Tokenizer(TokenizerDescription(metadata))
///     let other = try Tokenizer(TokenizerDescription(TokenizerFiles(tokenizer: bytes)))
package struct TokenizerDescription: Sendable {
    /// The text of each token as the model's file writes it.
    package var tokens: ByteStrings
    package var types: [TokenType]
    /// Tokens that are found in text as a whole.
    package var addedTokens: [AddedToken]

    package var normalizer: [NormalizerStep] = []
    package var preTokenizer: [PreTokenizerStep] = []
    package var model: TokenModelDescription
    package var decoder: DecoderDescription

    package var beginToken: Int32?
    package var endToken: Int32?
    package var unknownToken: Int32?
    package var paddingToken: Int32?
    /// What a chat template is told of special tokens.
    package var specialTexts = SpecialTexts()
    /// Tokens that end a generation beside ``endToken``: of a turn, of a message, or those a generation configuration
    /// lists.
    package var furtherEndTokens: Set<Int32> = []
    /// The tokens that the model expects before and after a text.
    package var prefix: [Int32] = []
    package var suffix: [Int32] = []

    package init(
        tokens: ByteStrings, types: [TokenType], addedTokens: [AddedToken], model: TokenModelDescription,
        decoder: DecoderDescription
    ) {
        self.tokens = tokens
        self.types = types
        self.addedTokens = addedTokens
        self.model = model
        self.decoder = decoder
    }
}
