package import PinionGrammar
package import PinionTokenizer

/// A model's tokens as constraints see them; made once a model.
package struct ReplyVocabulary: Sendable {
    let tokens: TokenVocabulary
    /// nil where the first token of a reply shows what it shows anywhere.
    let beginning: ReplyBeginning?
    /// One bit a token that ends a reply.
    let endWords: [UInt64]
    /// How special tokens are spelled in grammars.
    let marks: ReplyMarks
    private let tokenizer: Tokenizer

    package init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        let texts = (0..<Int32(tokenizer.vocabularyCount)).map { tokenizer.replyBytes(of: $0) }
        let marks = ReplyMarks(tokenizer)
        self.marks = marks
        let spelled = texts.indices.map { texts[$0] ?? marks.code(of: Int32($0)) }
        tokens = TokenVocabulary(tokens: spelled, endTokens: tokenizer.endOfGenerationTokens)
        beginning = ReplyBeginning(tokenizer, texts)
        var endWords = [UInt64](repeating: 0, count: (texts.count + UInt64.bitWidth - 1) / UInt64.bitWidth)
        for token in tokenizer.endOfGenerationTokens {
            endWords[Int(token) / UInt64.bitWidth] |= 1 << (UInt64(token) % UInt64(UInt64.bitWidth))
        }
        self.endWords = endWords
    }

    /// A grammar over these tokens.
    ///
    /// - Parameter isForcing: Whether text that the grammar leaves no choice about becomes tokens at once.
    package func compile(_ grammar: Grammar, isForcing: Bool = true) -> CompiledGrammar {
        guard isForcing else { return CompiledGrammar(grammar, vocabulary: tokens, encode: nil) }
        return CompiledGrammar(grammar, vocabulary: tokens) { [marks] context, text in
            marks.encode(text, after: context)
        }
    }

    package var count: Int { tokens.count }

    /// The tokens of a text that stands alone.
    package func encode(_ text: [UInt8]) -> [Int32] { tokenizer.encode(text, templateRanges: []) }
}
