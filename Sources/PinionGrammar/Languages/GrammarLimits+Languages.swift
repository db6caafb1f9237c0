extension GrammarLimits {
    /// Deepest nesting of groups, and of operators on operators, in a grammar's text: parser and compiler descend into them.
    package static let expressionNesting = 100
    /// Most expressions in a grammar's text, because each may become an automaton of its own.
    package static let expressions = 100_000
    /// Largest count of a repeated character or string, which costs no state of a rule.
    package static let countedRepetitions = 1 << 30
    /// Deepest nesting of a terminal's regular expression, with the terminals that it uses written out.
    package static let terminalNesting = 300
    /// Largest size of all terminals of a grammar together, each with the terminals that it uses written out.
    package static let terminalNodes = 300_000
    /// Most places of the tables of all literals of a grammar, states times kinds of bytes; four bytes each.
    package static let literalCells = 1 << 25
    /// Most states of an automaton that several expressions are joined into. A larger one stays a rule.
    static let joinedStates = 512
    /// Most states that joining may look at where the parts do not tell each other apart by their first byte.
    static let ambiguousJoinStates = 4_096
    /// Most states of an automaton that is written wherever its name is mentioned, instead of a call of its rule.
    static let inlinedStates = 32
    /// States that may be joined in all of one grammar, because rules that are used again and again are copied.
    static let joiningWork = 1_000_000
    /// Most choices that ``ChoiceGrammar`` takes.
    package static let choices = 100_000
}
