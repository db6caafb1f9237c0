/// What a GGUF file's metadata says about its tokenizer, as plain values.
///
/// The names in parentheses are the keys the values come from, without their `tokenizer.ggml.` in front.
package struct TokenizerMetadata: Sendable {
    /// The class of tokenizer (`model`): `gpt2` (byte-level pairs), `llama` (SentencePiece pairs), `gemma4` (SentencePiece
    /// pairs with merges), `t5` (unigram) or `bert` (word pieces).
    package var model: String
    /// The name of the pre-tokenizer pattern (`pre`), which byte-level pairs need; see ``KnownPreTokenizer``.
    package var preTokenizer: String
    /// The UTF-8 text of every token by id (`tokens`): the byte-level alphabet for ordinary tokens of `gpt2`, plain text
    /// for special ones.
    package var tokens: [[UInt8]]
    /// Of every token by id (`scores`); empty where the class has none.
    package var scores: [Float] = []
    /// The kind of every token (`token_type`), see ``TokenType``; empty means all normal.
    package var types: [Int32]
    /// `left right`, most preferred first (`merges`).
    package var merges: [String]
    package var beginToken: Int32?
    package var endToken: Int32?
    package var unknownToken: Int32?
    package var paddingToken: Int32?
    /// `seperator_token_id`, misspelt in the format.
    package var separatorToken: Int32?
    /// `cls_token_id` and `mask_token_id`.
    package var classToken: Int32?
    package var maskToken: Int32?
    /// The ends of a turn and of a message (`eot_token_id`, `eom_token_id`).
    package var endOfTurnToken: Int32?
    package var endOfMessageToken: Int32?
    /// Whether prompts begin with ``beginToken`` (`add_bos_token`); nil leaves it to the class and the pre-tokenizer.
    package var addsBeginToken: Bool?
    /// Whether texts end with ``endToken`` (`add_eos_token`); nil leaves it to the class.
    package var addsEndToken: Bool?
    /// Whether a space comes before a text (`add_space_prefix`); nil leaves it to the class.
    package var addsSpacePrefix: Bool?
    /// Whether runs of spaces are one space (`remove_extra_whitespaces`).
    package var removesExtraSpaces = false
    /// SentencePiece's compiled map of characters (`precompiled_charsmap`); empty where there is none.
    package var characterMap: [UInt8] = []
    /// Whether words are in lower case, and without accents (`normalizer.lowercase`, `normalizer.strip_accents`).
    package var lowercases: Bool?
    package var stripsAccents: Bool?
    /// `general.architecture`: tells Phi-3, whose tokens take the white space after them, which no key says.
    package var architecture: String?

    package init(
        model: String = "gpt2", preTokenizer: String = "default", tokens: [[UInt8]], types: [Int32] = [],
        merges: [String], beginToken: Int32? = nil, endToken: Int32? = nil, unknownToken: Int32? = nil,
        paddingToken: Int32? = nil, addsBeginToken: Bool? = nil
    ) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.types = types
        self.merges = merges
        self.beginToken = beginToken
        self.endToken = endToken
        self.unknownToken = unknownToken
        self.paddingToken = paddingToken
        self.addsBeginToken = addsBeginToken
    }
}
