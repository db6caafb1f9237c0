/// What one grammar may cost to compile and to run.
package enum GrammarLimits {
    /// Largest schema, pattern or grammar, in bytes of its text.
    package static let textBytes = 1 << 20
    /// Most states of one byte automaton.
    package static let automatonStates = 60_000
    /// Most states that one construction of an automaton may look at before it is given up, dead ones included.
    package static let constructionStates = 250_000
    /// Most states of all rules of a grammar together.
    package static let ruleStates = 400_000
    /// Largest count that a repetition of a rule (`minItems`, `{m,n}`) may name, because each is a state.
    package static let repetitions = 20_000
    /// Processor time of one compilation, in seconds.
    package static let compileSeconds = 10.0

    /// Entries of a grammar's tables (stacks, names, continuations) before they are begun anew.
    static let tableEntries = 200_000
    /// Places between two lexemes that are looked at: states of rules with the stacks beneath them.
    static let walkPlaces = 50_000
    /// Memory of an entry, roughly.
    static let bytesPerTableEntry = 100
    /// Memory of a state of a rule or automaton, roughly.
    static let bytesPerState = 64
    /// Memory of the masks of one grammar, in bytes; the half used last is kept beyond it.
    static let maskBytes = 16 << 20
    /// Longest text that is forced at once, in bytes.
    static let forcedBytes = 2_048
    /// Shorter forced text is left to the model: looking for its tokens would cost more than it saves.
    static let leastForcedBytes = 2
    /// Bytes before forced text that its tokens are looked for with.
    static let forcedContextBytes = 64
}
