import PinionGrammar
import TextGeneration

extension GenerationWarning {
    /// What of a schema is not enforced.
    init(_ warning: SchemaGrammar.Warning) {
        self.init(keyword: warning.keyword, pointer: warning.pointer, message: warning.message)
    }
}

extension OutputFormat {
    /// The grammar of the format, and what of it is not enforced; nil for free text.
    func grammar() throws(GrammarError) -> (Grammar?, [GenerationWarning]) {
        switch self {
        case .text: return (nil, [])
        case .jsonObject: return (try JSONGrammar.object(), [])
        case .jsonSchema(let schema, let isStrict):
            let compiled = try SchemaGrammar.compile(schema, mode: isStrict ? .strict : .lenient)
            return (compiled.grammar, compiled.warnings.map(GenerationWarning.init))
        case .pattern(let pattern): return (try PatternGrammar.compile(pattern), [])
        case .choice(let choices): return (try ChoiceGrammar.compile(choices), [])
        case .grammar(let text, .gbnf): return (try GBNFGrammar.compile(text), [])
        case .grammar(let text, .lark): return (try LarkGrammar.compile(text), [])
        }
    }
}
