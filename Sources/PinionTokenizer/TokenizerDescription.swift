/// What a model file says about its tokenizer, as plain values.
///
/// The names in parentheses are the GGUF keys the values come from.
package struct TokenizerDescription: Sendable {
    /// The algorithm (`tokenizer.ggml.model`); `gpt2`, byte-level BPE, is supported.
    package var model: String
    /// The name of the pre-tokenizer pattern (`tokenizer.ggml.pre`).
    package var preTokenizer: String
    /// The UTF-8 text of every token by id (`tokenizer.ggml.tokens`): the byte-level alphabet for ordinary tokens, plain
    /// text for special ones.
    package var tokens: [[UInt8]]
    /// The kind of every token (`tokenizer.ggml.token_type`), see ``TokenType``; empty means all normal.
    package var types: [Int32]
    /// `left right`, most preferred first (`tokenizer.ggml.merges`).
    package var merges: [String]
    package var beginToken: Int32?
    package var endToken: Int32?
    package var unknownToken: Int32?
    package var paddingToken: Int32?
    /// Whether prompts begin with ``beginToken`` (`tokenizer.ggml.add_bos_token`).
    package var addsBeginToken: Bool

    package init(
        model: String = "gpt2", preTokenizer: String = "default", tokens: [[UInt8]], types: [Int32] = [],
        merges: [String], beginToken: Int32? = nil, endToken: Int32? = nil, unknownToken: Int32? = nil,
        paddingToken: Int32? = nil, addsBeginToken: Bool = false
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

/// The kinds of token a model file distinguishes; raw values as in GGUF.
enum TokenType: Int32, Sendable {
    case undefined = 0
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Control tokens and the unknown token steer the model and are never shown as text.
    var isControl: Bool { self == .control || self == .unknown }
}
