import PinionPattern

extension ByteAutomaton {
    /// The spellings of the texts that a pattern of ECMA-262 (flag `u`) matches.
    ///
    ///     let digits = try ByteAutomaton.pattern("^[0-9]+$", encoding: .jsonString, isAnchored: false)
    ///
    /// Look-around and word boundaries are exact. Throws `invalid` for a malformed pattern, `unsupported` for
    /// back-references, atomic groups and possessive repetitions, `limit` for a pattern whose automaton is too large.
    ///
    /// - Parameter isAnchored: whether the pattern has to match the whole text, as a `regex` constraint means it; else a part
    ///   of it, as JSON Schema's `pattern` does.
    package static func pattern(
        _ text: String, encoding: ScalarEncoding, isAnchored: Bool
    ) throws(GrammarError) -> ByteAutomaton {
        let tree: PatternNode
        do {
            tree = try Pattern.tree(of: text, dialect: .ecma)
        } catch {
            throw GrammarError(patternError: error)
        }
        return try PatternAutomaton(tree, dialect: .ecma, isAnchored: isAnchored).spelled(encoding)
    }
}

extension GrammarError {
    init(patternError error: PatternError) {
        let code: Code =
            switch error.code {
            case .invalid: .invalid
            case .unsupported: .unsupported
            case .limitExceeded: .limit
            }
        self.init(code, "bad pattern: \(error)")
    }
}

/// The deterministic automaton of a pattern over classes of scalars, before it is spelled in bytes.
///
/// Classes of scalars are determinised instead of bytes, because assertions look at characters, and because a pattern has
/// far fewer classes than its characters' spellings have states.
struct PatternAutomaton {
    private let partition: ScalarPartition
    private let table: StateTable

    /// - Parameter dialect: whose word characters and line ends the tree's assertions go by.
    init(_ tree: PatternNode, dialect: PatternDialect, isAnchored: Bool) throws(GrammarError) {
        let graph = try PatternGraph(tree, isAnchored: isAnchored)
        var sets = graph.sets
        if graph.usesWord { sets.append(dialect.word) }
        if graph.usesLines { sets.append(dialect.lineTerminators) }
        partition = try ScalarPartition(sets)
        var symbols = [PatternSymbol](repeating: PatternSymbol(), count: partition.symbolCount)
        if graph.usesWord {
            for symbol in partition.symbolsOfSet[graph.sets.count] { symbols[Int(symbol)].isWord = true }
        }
        if graph.usesLines {
            for symbol in partition.symbolsOfSet[sets.count - 1] { symbols[Int(symbol)].endsLine = true }
        }
        var states = PatternStates(graph, partition, symbols: symbols)
        table = try Self.determinise(&states, symbolCount: partition.symbolCount).minimised()
    }

    func spelled(_ encoding: ScalarEncoding) throws(GrammarError) -> ByteAutomaton {
        try ScalarEncoder(partition, encoding).automaton(of: table)
    }

    private static func determinise(
        _ states: inout PatternStates, symbolCount: Int
    ) throws(GrammarError) -> StateTable {
        var table = StateTable(symbolCount: symbolCount)
        var numbers = StateNumbers()
        var place = try states.startPlace()
        let start = try states.start(at: &place)
        guard start != PatternStates.failed else { return table }
        _ = numbers.number(of: start, behind: place.behind ?? 0)
        while table.stateCount < numbers.keys.count {
            let (set, behind) = numbers.keys[table.stateCount]
            let state = Int(try table.addState(accepting: states.accepts(set)))
            if set == PatternStates.matched {
                for symbol in 0..<symbolCount { table.transitions[state * symbolCount + symbol] = Int32(state) }
                continue
            }
            let ways = states.ways(of: set)
            for symbol in 0..<symbolCount {
                place = try states.place(after: symbol, behind: behind)
                let target = try states.step(ways, symbol, to: &place)
                guard target != PatternStates.failed else { continue }
                table.transitions[state * symbolCount + symbol] = numbers.number(of: target, behind: place.behind ?? 0)
            }
            try checkCancellation(step: state)
        }
        return table
    }

    /// Numbers the pairs of a pattern's set and the sets of its machines that look behind.
    private struct StateNumbers {
        private(set) var keys: [(set: Int32, behind: Int32)] = []
        private var numbers: [UInt64: Int32] = [:]

        mutating func number(of set: Int32, behind: Int32) -> Int32 {
            // What a matched pattern would see behind it makes no difference.
            let behind = set == PatternStates.matched ? 0 : behind
            let number = Int32(keys.count)
            let known = numbers.updateIfAbsent(UInt64(set) << 32 | UInt64(behind), number)
            if known == number { keys.append((set, behind)) }
            return known
        }
    }
}

extension Dictionary {
    /// The value of a key, which is the given one if there was none.
    fileprivate mutating func updateIfAbsent(_ key: Key, _ value: Value) -> Value {
        func keep(_ present: inout Value) -> Value { present }
        return keep(&self[key, default: value])
    }
}
