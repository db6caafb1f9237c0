/// Texts that a regular expression matches from their beginning to their end.
///
///     let grammar = try PatternGrammar.compile("[A-Z]{3}-[0-9]+")
package enum PatternGrammar {
    /// - Throws: ``GrammarError``: `invalid` for what is no expression or an empty one, `unsatisfiable` for one that no text
    ///   matches.
    package static func compile(_ pattern: String) throws(GrammarError) -> Grammar {
        guard !pattern.utf8.isEmpty else { throw GrammarError(.invalid, "the pattern is empty") }
        let automaton = try ByteAutomaton.pattern(pattern, encoding: .utf8, isAnchored: true)
        guard !automaton.isEmpty else { throw GrammarError(.unsatisfiable, "no text matches the pattern") }
        var builder = GrammarBuilder()
        let start = try builder.rule("pattern", .lexeme(automaton))
        return try builder.finish(start: start)
    }
}
