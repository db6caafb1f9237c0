extension GrammarBuilder {
    /// Adds the rules of a finished grammar.
    ///
    /// - Parameters:
    ///   - isEscaped: Whether its texts stand between the quotes of a JSON string. JSON spells each byte by itself, so that the
    ///     spellings of the lexemes make the spelling of the text.
    ///   - end: What no lexeme may hold.
    /// - Returns: What derives the texts of its language.
    package mutating func embed(
        _ grammar: Grammar, isEscaped: Bool = false, without end: [UInt8]? = nil
    ) throws(GrammarError) -> Production {
        let base = Int32(edges.count)
        for _ in 0..<grammar.edges.count { _ = try state() }
        let rules = grammar.starts.indices.map { declare("part \($0)") }
        var lexemes: [Int32] = []
        for lexeme in grammar.lexemes {
            var automaton = lexeme.automaton
            if isEscaped { automaton = try automaton.escaped() }
            if let end { automaton = try automaton.subtracting(textsWith: end) }
            guard !automaton.isEmpty else {
                throw GrammarError(.unsupported, "the grammar needs a text that ends the argument it stands in")
            }
            lexemes.append(add(Lexeme(kind: lexeme.kind, automaton: automaton)))
        }
        for (index, start) in grammar.starts.enumerated() {
            let end = try state()
            ends[rules[index]] = (base + start, end)
            // The states of a rule are those that lead from its start.
            var seen: Set<Int32> = [start]
            var pending = [start]
            while let place = pending.popLast() {
                for edge in grammar.edges[Int(place)] {
                    let label: Grammar.Label =
                        switch edge.label {
                        case .lexeme(let lexeme): .lexeme(lexemes[Int(lexeme)])
                        case .call(let rule, let isContainer):
                            .call(rule: Int32(rules[Int(rule)]), isContainer: isContainer)
                        case .empty, .space: edge.label
                        }
                    edges.append(Grammar.Edge(label: label, target: base + edge.target), to: Int(base + place))
                    if seen.insert(edge.target).inserted { pending.append(edge.target) }
                }
                if grammar.isFinal[Int(place)] {
                    edges.append(Grammar.Edge(label: .empty, target: end), to: Int(base + place))
                }
            }
        }
        let production = Production.rule(rules[Int(grammar.start)])
        return grammar.acceptsEmpty ? .choice([.empty, production]) : production
    }
}
