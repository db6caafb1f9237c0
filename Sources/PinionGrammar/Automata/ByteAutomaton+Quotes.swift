/// Automata of JSON strings that are minimal as they are written down, so that nothing has to be refined.
///
/// An object has one of them for the names that it does not declare; large schemas have hundreds.
extension ByteAutomaton {
    /// The texts of the language between two quotes. Throws `limit`; see ``GrammarLimits``.
    package func quoted() throws(GrammarError) -> ByteAutomaton {
        if isEmpty { return .none }
        let quote = ScalarEncoding.quote
        for state in 0..<stateCount where accepting[state] && next(Int32(state), quote) != Self.dead {
            // A text that goes on with a quote behind another text: where the closing quote stands is not certain.
            return try .concatenation([.text([quote]), self, .text([quote])])
        }
        var classes = ByteClasses()
        classes.refine(by: self.classes, count: classCount)
        classes.refine(by: Self.text([quote]).classes, count: 2)
        let count = classes.count
        let quoteClass = Int(classes.classOfByte[Int(quote)])
        let columns = classes.map(to: self.classes)
        // The state in front of the opening quote, the states of the language, and the state behind the closing quote.
        let end = Int32(stateCount + 1)
        var table = StateTable(symbolCount: count)
        var start: Int32 = 0
        try table.addState(accepting: false)
        table.transitions[quoteClass] = 1
        for state in 0..<stateCount {
            let row = try Int(table.addState(accepting: false)) * count
            var isLikeStart = !accepting[state]
            for (symbol, column) in columns.enumerated() {
                let target = transitions[state * classCount + column]
                if target >= 0 { table.transitions[row + symbol] = target + 1 }
                if target != (symbol == quoteClass ? 0 : Self.dead) { isLikeStart = false }
            }
            if accepting[state] { table.transitions[row + quoteClass] = end }
            if isLikeStart { start = Int32(state + 1) }
            try checkCancellation(step: state)
        }
        try table.addState(accepting: true)
        // Two states of the language still differ, by the texts in front of the closing quote. None is like the end, which alone
        // accepts, and one may be like the start.
        return try ByteAutomaton(table.numbered(from: start), mergingEqual: classes).checked()
    }

    /// The texts of this language but for some. Throws `limit`; see ``GrammarLimits``.
    ///
    /// The result has the states of this automaton, and those of the texts on the way to them. They are all different, and only
    /// where a text ends does nothing go on.
    ///
    /// - Precondition: From all but one state there are endlessly many texts, no two states differ in finitely many only, and the
    ///   other state ends all texts: the automaton of all JSON strings, quotes included.
    package func removing(_ texts: [[UInt8]]) throws(GrammarError) -> ByteAutomaton {
        let removed = try ByteAutomaton.texts(texts)
        guard !removed.isEmpty else { return self }
        var classes = ByteClasses()
        classes.refine(by: self.classes, count: classCount)
        classes.refine(by: removed.classes, count: removed.classCount)
        let count = classes.count
        let columns = classes.map(to: self.classes)
        let removedColumns = classes.map(to: removed.classes)
        var table = StateTable(symbolCount: count)
        for state in 0..<stateCount {
            let row = try Int(table.addState(accepting: accepting[state])) * count
            for (symbol, column) in columns.enumerated() {
                table.transitions[row + symbol] = transitions[state * classCount + column]
            }
        }
        // Behind the states of this automaton: those that some removed text leads to, too.
        var pairs: [(state: Int32, removed: Int32)] = [(0, 0)]
        var numbers = [Int32](repeating: Self.dead, count: stateCount * removed.stateCount)
        numbers[0] = Int32(stateCount)
        var index = 0
        while index < pairs.count {
            let (state, other) = (Int(pairs[index].state), Int(pairs[index].removed))
            let row = try Int(table.addState(accepting: accepting[state] && !removed.accepting[other])) * count
            for symbol in 0..<count {
                let target = transitions[state * classCount + columns[symbol]]
                let removedTarget = removed.transitions[other * removed.classCount + removedColumns[symbol]]
                table.transitions[row + symbol] = target
                guard removedTarget >= 0 else { continue }
                // A removed text that the language has not.
                guard target >= 0 else { return try subtracting(removed) }
                if removed.accepting[Int(removedTarget)], accepting[Int(target)] {
                    // The removed text ends, and nothing else does from there on.
                    table.transitions[row + symbol] = Self.dead
                    continue
                }
                let pair = Int(target) * removed.stateCount + Int(removedTarget)
                if numbers[pair] < 0 {
                    numbers[pair] = Int32(stateCount + pairs.count)
                    pairs.append((target, removedTarget))
                }
                table.transitions[row + symbol] = numbers[pair]
            }
            index += 1
            try checkCancellation(step: index)
        }
        return try ByteAutomaton(table.numbered(from: Int32(stateCount)), mergingEqual: classes).checked()
    }
}
