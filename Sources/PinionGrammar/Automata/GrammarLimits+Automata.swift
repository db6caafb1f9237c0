extension GrammarLimits {
    /// Most places of one automaton's table of transitions, states times classes of bytes; four bytes each.
    package static let automatonCells = 1 << 23
    /// Most places of a table that a construction fills before it is minimised.
    package static let constructionCells = 1 << 23
    /// Most members of all the state sets of one construction, which bounds its time as the number of states cannot: a set
    /// may hold every state of the pattern.
    package static let constructionMembers = 1 << 23
    /// How many ways through a pattern one construction may look at: less than half a second of them.
    package static let constructionWork = 3 << 21
    /// Most sets of look-aheads that are open at the same time, in one construction.
    package static let constructionObligations = 1 << 20
    /// Most digits of a schema's number in front of its point, and behind it: the largest double has 309, the smallest 324.
    package static let decimalDigits = 400
    /// Digits of an integer, and of a number's whole part, that a reply may hold: as many as an `Int64` holds whatever they
    /// are. Bounds that need more digits have them.
    package static let integerDigits = 18
    /// Digits behind the point of a number: a double tells no more apart below 1. Bounds that need more digits have them.
    package static let fractionDigits = 16
    /// Digits of a number's exponent: two, so that every number is within a double's range.
    package static let exponentDigits = 2
    /// How many steps a long loop may take before it looks whether its task was cancelled.
    static let stepsBetweenChecks = 1_024
}

/// Throws when the task that asked for a construction was cancelled; cheap enough for every turn of a loop over states.
@inline(__always)
func checkCancellation(step: Int) throws(GrammarError) {
    if step % GrammarLimits.stepsBetweenChecks == 0, Task.isCancelled {
        throw GrammarError(.cancelled, "the compilation was cancelled")
    }
}
