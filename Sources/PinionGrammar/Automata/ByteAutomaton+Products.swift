extension ByteAutomaton {
    /// The texts of both languages. Throws `limit`; see ``GrammarLimits``.
    package func intersection(_ other: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        if isEmpty || other.isEmpty { return .none }
        if self == other { return self }
        return try product(other, keepsUnpaired: false)
    }

    /// The texts of this language that the other has not. Throws `limit`.
    package func subtracting(_ other: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        if isEmpty || other.isEmpty { return self }
        if self == other { return .none }
        return try product(other, keepsUnpaired: true)
    }

    /// Whether no text belongs to both languages. Throws `limit`.
    package func isDisjoint(with other: ByteAutomaton) throws(GrammarError) -> Bool {
        if isEmpty || other.isEmpty { return true }
        var pairs = StatePairs(self, other, keepsUnpaired: false)
        var next = 0
        while next < pairs.states.count {
            let (first, second) = pairs.states[next]
            if accepting[Int(first)], other.accepting[Int(second)] { return false }
            try pairs.forEachStep(from: next) { _, _ in }
            next += 1
        }
        return true
    }

    /// Whether every text of this language belongs to the other. Throws `limit`.
    package func isSubset(of other: ByteAutomaton) throws(GrammarError) -> Bool {
        if isEmpty || self == other { return true }
        if other.isEmpty { return false }
        var pairs = StatePairs(self, other, keepsUnpaired: true)
        var next = 0
        while next < pairs.states.count {
            let (first, second) = pairs.states[next]
            // Every state reaches an accepting one, so a state without a partner has a text that the other has not.
            guard second >= 0 else { return false }
            if accepting[Int(first)], !other.accepting[Int(second)] { return false }
            try pairs.forEachStep(from: next) { _, _ in }
            next += 1
        }
        return true
    }

    /// The texts of this language that the other has too, or those that it has not.
    private func product(_ other: ByteAutomaton, keepsUnpaired: Bool) throws(GrammarError) -> ByteAutomaton {
        var pairs = StatePairs(self, other, keepsUnpaired: keepsUnpaired)
        let classes = pairs.classes
        var table = StateTable(symbolCount: classes.count)
        while table.stateCount < pairs.states.count {
            let (first, second) = pairs.states[table.stateCount]
            let isAccepted = second >= 0 && other.accepting[Int(second)]
            let state = Int(try table.addState(accepting: accepting[Int(first)] && isAccepted != keepsUnpaired))
            try pairs.forEachStep(from: state) { table.transitions[state * classes.count + $0] = $1 }
        }
        return try ByteAutomaton(minimising: table, classes: classes).checked()
    }
}
