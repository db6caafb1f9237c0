/// Joins the automata of neighbouring expressions into one where that is sure to stay small.
///
/// A grammar of characters (GBNF has no others) would otherwise make a thread of its matcher step from rule to rule at
/// every byte of a string. Each method gives nil where the parts had better stay apart: where the joined automaton would
/// have more than ``GrammarLimits/joinedStates`` states, or may have to be determinised from sets of states that are too
/// many to try. The decision looks at sizes alone, never at time, so that it is the same on every machine.
struct AutomatonJoiner {
    /// States that were looked at so far.
    private var work = 0

    /// The texts of one part after the other.
    mutating func sequence(_ parts: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton? {
        var isAmbiguous = false
        var after = ByteSet()
        for part in parts.reversed() {
            if !part.followingBytes.isDisjoint(with: after) { isAmbiguous = true }
            if !part.acceptsEmpty { after = ByteSet() }
            after.formUnion(part.firstBytes)
        }
        let states = parts.reduce(0) { $0 + $1.stateCount }
        // The first part is in one state at a time, or done with; each of the others is in a set of states.
        let first = parts.first?.stateCount ?? 0
        let sets = (first + 1, states - first)
        guard allow(states, isAmbiguous: isAmbiguous, sets: sets) else { return nil }
        return limited(try .concatenation(parts))
    }

    /// The texts of any part.
    mutating func choice(_ parts: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton? {
        var isAmbiguous = false
        var first = ByteSet()
        var product = 1
        for part in parts {
            let own = part.firstBytes
            if !own.isDisjoint(with: first) { isAmbiguous = true }
            first.formUnion(own)
            // One more state for the part that has failed.
            product = min(product * (part.stateCount + 1), GrammarLimits.ambiguousJoinStates + 1)
        }
        let states = parts.reduce(0) { $0 + $1.stateCount }
        guard allow(states, isAmbiguous: isAmbiguous, sets: (product, 0)) else { return nil }
        return limited(try .union(parts))
    }

    mutating func repetition(_ part: ByteAutomaton, min: Int, max: Int?) throws(GrammarError) -> ByteAutomaton? {
        let copies = Swift.max(min, max ?? 1, 1)
        let (states, overflow) = part.stateCount.multipliedReportingOverflow(by: copies)
        guard !overflow else { return nil }
        let isAmbiguous = part.acceptsEmpty || !part.followingBytes.isDisjoint(with: part.firstBytes)
        guard allow(states, isAmbiguous: isAmbiguous, sets: (1, states)) else { return nil }
        return limited(try part.repeated(min, max))
    }

    /// Whether an automaton of that many states, or of sets of them, may be made.
    ///
    /// - Parameter sets: The most sets of states, as a factor and the logarithm of another to base 2.
    private mutating func allow(_ states: Int, isAmbiguous: Bool, sets: (factor: Int, logarithm: Int)) -> Bool {
        var cost = states
        if isAmbiguous {
            guard sets.factor <= GrammarLimits.ambiguousJoinStates >> sets.logarithm else { return false }
            cost += sets.factor << sets.logarithm
        }
        guard states <= GrammarLimits.joinedStates, work + cost <= GrammarLimits.joiningWork else { return false }
        work += cost
        return true
    }

    private func limited(_ automaton: ByteAutomaton) -> ByteAutomaton? {
        automaton.stateCount <= GrammarLimits.joinedStates ? automaton : nil
    }
}
