/// Collects the rules of a ``Grammar``.
///
///     var builder = GrammarBuilder()
///     let value = builder.declare("value")
///     try builder.define(value, .choice([.lexeme(.text("x")), .sequence([open, .rule(value), close])]))
///     let grammar = try builder.finish(start: value)
package struct GrammarBuilder {
    var lexemes: [Lexeme] = []
    private var lexemeIDs: [Lexeme: Int32] = [:]
    /// The lexemes of single texts, by these.
    private var textIDs: [[UInt8]: Int32] = [:]
    /// The keys of ``textIDs`` in the order in which they came.
    private var texts: [[UInt8]] = []
    var edges = EdgeLists()
    /// `[rules]`
    private(set) var names: [String] = []
    /// `[rules]`: first and last state; the last is where the rule ends.
    var ends: [(start: Int32, end: Int32)?] = []

    package init() {}

    /// A rule that is defined later, so that others, and it itself, can refer to it.
    ///
    /// - Parameter name: For error messages.
    package mutating func declare(_ name: String) -> Int {
        names.append(name)
        ends.append(nil)
        return names.count - 1
    }

    /// - Precondition: The rule was declared and has no definition yet.
    package mutating func define(_ rule: Int, _ production: Production) throws(GrammarError) {
        precondition(ends[rule] == nil, "rule '\(names[rule])' is defined twice")
        let start = try state()
        let end = try state()
        ends[rule] = (start, end)
        try write(production, from: start, to: end)
    }

    /// Declares and defines a rule at once.
    package mutating func rule(_ name: String, _ production: Production) throws(GrammarError) -> Int {
        let rule = declare(name)
        try define(rule, production)
        return rule
    }

    // MARK: - Taking back

    /// How much a builder has of each thing.
    struct Extent {
        fileprivate let lexemes: Int
        fileprivate let texts: Int
        fileprivate let edges: EdgeLists.Extent
        fileprivate let rules: Int
    }

    var extent: Extent {
        Extent(lexemes: lexemes.count, texts: texts.count, edges: edges.extent, rules: names.count)
    }

    /// Takes back what was added since.
    ///
    /// - Precondition: Every rule and state of that extent is still as it was then.
    /// - Complexity: Linear in what is taken back.
    mutating func rollBack(to extent: Extent) {
        for lexeme in lexemes[extent.lexemes...] { lexemeIDs[lexeme] = nil }
        lexemes.removeSubrange(extent.lexemes...)
        for text in texts[extent.texts...] { textIDs[text] = nil }
        texts.removeSubrange(extent.texts...)
        edges.rollBack(to: extent.edges)
        names.removeSubrange(extent.rules...)
        ends.removeSubrange(extent.rules...)
    }

    // MARK: - States

    mutating func state() throws(GrammarError) -> Int32 {
        guard edges.count < GrammarLimits.ruleStates else {
            throw GrammarError(.limit, "the grammar has more than \(GrammarLimits.ruleStates) states")
        }
        edges.addState()
        return Int32(edges.count - 1)
    }

    private mutating func connect(_ from: Int32, _ label: Grammar.Label, _ to: Int32) {
        edges.append(Grammar.Edge(label: label, target: to), to: Int(from))
    }

    /// Writes the states of a production between two that exist.
    private mutating func write(_ production: Production, from: Int32, to: Int32) throws(GrammarError) {
        switch production {
        case .empty: connect(from, .empty, to)
        case .never: break
        case .lexeme(let automaton): try write(.text, automaton, from: from, to: to)
        case .text(let text): connect(from, text.isEmpty ? .empty : .lexeme(add(text)), to)
        case .memberName(let automaton): try write(.memberName, automaton, from: from, to: to)
        case .counted(let automaton, let min, let max):
            guard max.map({ $0 >= min }) ?? true else { return }
            if min == 0 { connect(from, .empty, to) }
            guard max != 0 else { return }
            precondition(!automaton.acceptsEmpty, "a counted text is not empty")
            let bound = max.map { Int32(clamping: $0) } ?? Lexeme.unbounded
            try write(.counted(min: Int32(clamping: min), max: bound), automaton, from: from, to: to)
        case .bounded(let automaton, let characters, let max):
            let max = Int32(clamping: max)
            guard !automaton.isEmpty, characters.least[0] <= max else { return }
            try write(.bounded(characters, max: max), automaton, from: from, to: to)
        case .rule(let rule): connect(from, .call(rule: Int32(rule), isContainer: false), to)
        case .sequence(let parts):
            var last = from
            for (index, part) in parts.enumerated() {
                let next = index == parts.count - 1 ? to : try state()
                try write(part, from: last, to: next)
                last = next
            }
            if parts.isEmpty { connect(from, .empty, to) }
        case .choice(let parts):
            for part in parts { try write(part, from: from, to: to) }
        case .repeated(let part, let min, let max): try write(part, min, max, from: from, to: to)
        case .network(let network):
            var states: [Int32] = []
            for _ in 0..<network.stateCount { states.append(try state()) }
            guard let first = states.first else { return }
            connect(from, .empty, first)
            for edge in network.edges {
                try write(edge.production, from: states[edge.source], to: states[edge.target])
            }
            for accepting in network.accepting { connect(states[accepting], .empty, to) }
        case .container(let body):
            let rule = try self.rule("container", body)
            connect(from, .call(rule: Int32(rule), isContainer: true), to)
        case .space(let space): connect(from, .space(space), to)
        }
    }

    private mutating func write(
        _ kind: Lexeme.Kind, _ automaton: ByteAutomaton, from: Int32, to: Int32
    ) throws(GrammarError) {
        guard !automaton.isEmpty else { return }
        var automaton = automaton
        if automaton.acceptsEmpty {
            connect(from, .empty, to)
            automaton = try automaton.subtracting(.empty)
            guard !automaton.isEmpty else { return }
        }
        connect(from, .lexeme(add(Lexeme(kind: kind, automaton: automaton))), to)
    }

    /// The number of the lexeme of one text, which is not empty.
    private mutating func add(_ text: [UInt8]) -> Int32 {
        if let known = textIDs[text] { return known }
        let id = add(Lexeme(kind: .text, automaton: .text(text)))
        textIDs[text] = id
        texts.append(text)
        return id
    }

    /// The number of a lexeme, which equal ones share.
    mutating func add(_ lexeme: Lexeme) -> Int32 {
        if let known = lexemeIDs[lexeme] { return known }
        let id = Int32(lexemes.count)
        lexemes.append(lexeme)
        lexemeIDs[lexeme] = id
        return id
    }

    /// Every loop and every exit has a state of its own: a state that loops must not be one that others enter.
    private mutating func write(
        _ part: Production, _ min: Int, _ max: Int?, from: Int32, to: Int32
    ) throws(GrammarError) {
        guard max.map({ $0 >= min }) ?? true else { return }
        guard Swift.max(min, max ?? 0) <= GrammarLimits.repetitions else {
            throw GrammarError(.limit, "a repetition of more than \(GrammarLimits.repetitions)")
        }
        var last = try state()
        connect(from, .empty, last)
        for _ in 0..<min {
            let next = try state()
            try write(part, from: last, to: next)
            last = next
        }
        guard let max else {
            let again = try state()
            connect(last, .empty, again)
            let after = try state()
            try write(part, from: again, to: after)
            connect(after, .empty, again)
            connect(again, .empty, to)
            return
        }
        for _ in min..<Swift.max(max, min) {
            connect(last, .empty, to)
            let next = try state()
            try write(part, from: last, to: next)
            last = next
        }
        connect(last, .empty, to)
    }
}
