/// One text out of a list.
///
///     let grammar = try ChoiceGrammar.compile(["yes", "no"])
package enum ChoiceGrammar {
    /// - Throws: ``GrammarError``: `invalid` for a list that is empty or holds a text twice, by its bytes, `limit` for one
    ///   that is too long.
    package static func compile(_ choices: [String]) throws(GrammarError) -> Grammar {
        guard !choices.isEmpty else { throw GrammarError(.invalid, "the list of choices is empty") }
        guard choices.count <= GrammarLimits.choices else {
            throw GrammarError(
                .limit, "there are \(choices.count) choices; at most \(GrammarLimits.choices) are allowed")
        }
        var texts: [[UInt8]] = []
        var indices: [[UInt8]: Int] = [:]
        var size = 0
        for (index, choice) in choices.enumerated() {
            try checkCancellation(step: index)
            let bytes = Array(choice.utf8)
            size += bytes.count
            guard size <= GrammarLimits.textBytes else {
                throw GrammarError(.limit, "the choices have more than \(GrammarLimits.textBytes) bytes")
            }
            if let first = indices.updateValue(index, forKey: bytes) {
                throw GrammarError(.invalid, "choice \(index + 1) is the same as choice \(first + 1)")
            }
            texts.append(bytes)
        }
        var builder = GrammarBuilder()
        var literals = LiteralBudget()
        let automata = try ByteAutomaton.choices(of: texts, &literals)
        let start = try builder.rule("choice", .choice(automata.map { .lexeme($0) }))
        return try builder.finish(start: start)
    }
}
