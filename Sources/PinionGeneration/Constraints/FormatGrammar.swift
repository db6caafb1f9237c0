package import PinionGrammar
package import TextGeneration

/// A format that can be enforced.
package struct FormatGrammar: Sendable {
    package let grammar: CompiledGrammar
    /// What of it is not enforced.
    package let warnings: [GenerationWarning]

    package init(_ grammar: CompiledGrammar, warnings: [GenerationWarning] = []) {
        self.grammar = grammar
        self.warnings = warnings
    }
}

extension FormatGrammar {
    /// Compiles a format; takes up to a second or so for a large one, and ends early when its task is cancelled.
    ///
    /// - Precondition: The format is not plain text.
    init(_ format: OutputFormat, _ vocabulary: ReplyVocabulary) throws(GrammarError) {
        switch format {
        case .text: preconditionFailure("plain text has no grammar")
        case .jsonObject: self.init(vocabulary.compile(try JSONGrammar.object()))
        case .jsonSchema(let schema, let isStrict):
            let compiled = try SchemaGrammar.compile(schema, mode: isStrict ? .strict : .lenient)
            let warnings = compiled.warnings.map {
                GenerationWarning(keyword: $0.keyword, pointer: $0.pointer, message: $0.message)
            }
            self.init(vocabulary.compile(compiled.grammar), warnings: warnings)
        case .pattern(let pattern): self.init(vocabulary.compile(try PatternGrammar.compile(pattern)))
        case .choice(let choices): self.init(vocabulary.compile(try ChoiceGrammar.compile(choices)))
        case .grammar(let text, .gbnf): self.init(vocabulary.compile(try GBNFGrammar.compile(text)))
        case .grammar(let text, .lark): self.init(vocabulary.compile(try LarkGrammar.compile(text)))
        }
    }
}

extension GenerationError {
    /// What a requester is told of a format that cannot be enforced.
    init(_ error: GrammarError) {
        let code: Code =
            switch error.code {
            case .invalid, .unsatisfiable: .invalidParameter
            case .unsupported, .limit: .unsupportedParameter
            case .cancelled: .interrupted
            }
        self.init(code, error.message, parameter: .format, pointer: error.pointer)
    }
}
