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
    /// - Precondition: The plan is a constraint.
    init(_ plan: ReplyPlan, _ vocabulary: ReplyVocabulary) throws(GrammarError) {
        let (output, warnings) = try Self.output(plan.output)
        let isPlain = plan.format == nil || plan.format?.thinking == nil && plan.callable.isEmpty
        if let output, isPlain {
            self.init(vocabulary.compile(output), warnings: warnings)
            return
        }
        let (whole, found) = try ReplyGrammar.compile(plan, output: output, vocabulary.marks)
        self.init(vocabulary.compile(whole), warnings: warnings + found)
    }

    /// The grammar of a format, and what of it is not enforced; nil for free text.
    private static func output(_ format: OutputFormat) throws(GrammarError) -> (Grammar?, [GenerationWarning]) {
        switch format {
        case .text: return (nil, [])
        case .jsonObject: return (try JSONGrammar.object(), [])
        case .jsonSchema(let schema, let isStrict):
            let compiled = try SchemaGrammar.compile(schema, mode: isStrict ? .strict : .lenient)
            let warnings = compiled.warnings.map {
                GenerationWarning(keyword: $0.keyword, pointer: $0.pointer, message: $0.message)
            }
            return (compiled.grammar, warnings)
        case .pattern(let pattern): return (try PatternGrammar.compile(pattern), [])
        case .choice(let choices): return (try ChoiceGrammar.compile(choices), [])
        case .grammar(let text, .gbnf): return (try GBNFGrammar.compile(text), [])
        case .grammar(let text, .lark): return (try LarkGrammar.compile(text), [])
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
        self.init(
            code, error.message, parameter: error.part.map { .tool($0) } ?? .format, pointer: error.pointer)
    }
}
