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
        let (output, warnings) = try plan.output.grammar()
        let isPlain = plan.format == nil || plan.format?.thinking == nil && plan.callable.isEmpty
        if let output, isPlain {
            self.init(vocabulary.compile(output), warnings: warnings)
            return
        }
        let (whole, found) = try ReplyGrammar.compile(plan, output: output, spell: vocabulary.marks.bytes(of:))
        self.init(vocabulary.compile(whole), warnings: warnings + found)
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
