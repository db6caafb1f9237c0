/// What the automata of literals may take of memory in one grammar: ``GrammarLimits/literalCells``.
struct LiteralBudget {
    private var cells = 0

    /// Takes what one automaton of texts of so many bytes needs at most.
    mutating func charge(_ texts: [UInt8]...) throws(GrammarError) { try charge(texts) }

    mutating func charge(_ texts: [[UInt8]]) throws(GrammarError) {
        var isUsed = [Bool](repeating: false, count: 256)
        for text in texts {
            for byte in text { isUsed[Int(byte)] = true }
        }
        let states = texts.reduce(1) { $0 + $1.count }
        let classes = isUsed.reduce(1) { $0 + ($1 ? 1 : 0) }
        cells += states * classes
        guard cells <= GrammarLimits.literalCells else {
            throw GrammarError(
                .limit,
                "the literals are too large together; at most \(GrammarLimits.literalCells) places in the tables of "
                    + "their automata are allowed")
        }
    }
}

extension ByteAutomaton {
    /// Automata that have these texts together, as few as ``GrammarLimits/automatonStates`` lets there be.
    ///
    /// Neighbours in the order of bytes come into one automaton, because they share their beginnings.
    static func choices(of texts: [[UInt8]], _ budget: inout LiteralBudget) throws(GrammarError) -> [ByteAutomaton] {
        var automata: [ByteAutomaton] = []
        var group: [[UInt8]] = []
        var states = 1
        for text in texts.sorted(by: { $0.lexicographicallyPrecedes($1) }) where text != group.last {
            try checkCancellation(step: group.count)
            if states + text.count > GrammarLimits.automatonStates, !group.isEmpty {
                try budget.charge(group)
                automata.append(try .texts(group))
                group = []
                states = 1
            }
            group.append(text)
            states += text.count
        }
        if !group.isEmpty {
            try budget.charge(group)
            automata.append(try .texts(group))
        }
        return automata
    }
}
