extension GrammarBuilder {
    /// The grammar of what a rule derives: without rules and states that lead nowhere, without left recursion.
    ///
    /// - Throws: ``GrammarError`` with `invalid` for a rule without definition, `unsatisfiable` if the start derives nothing,
    ///   `limit` if left recursion cannot be resolved within ``GrammarLimits/ruleStates``.
    package consuming func finish(start: Int) throws(GrammarError) -> Grammar {
        var starts: [Int32] = []
        var isFinal = [Bool](repeating: false, count: edges.count)
        for (rule, states) in ends.enumerated() {
            guard let states else { throw GrammarError(.invalid, "rule '\(names[rule])' is used and not defined") }
            starts.append(states.start)
            isFinal[Int(states.end)] = true
        }
        var table = RuleTable(edges: edges, starts: starts, isFinal: isFinal)
        table.removeDeadEnds()
        let first = Int(table.starts[start])
        guard !table.edges[first].isEmpty || table.isFinal[first] else {
            throw GrammarError(.unsatisfiable, "nothing can satisfy it")
        }
        try table.resolveLeftRecursion(names: names)
        return table.compacted(start: start, lexemes: lexemes)
    }
}

/// The rules of a grammar while they are put into their last form.
struct RuleTable {
    var edges: EdgeLists
    /// `[rules]`
    var starts: [Int32]
    /// `[states]`: whether a rule may end there; each such state belongs to one rule.
    var isFinal: [Bool]

    /// Takes away the edges from which no text can be finished.
    mutating func removeDeadEnds() {
        let isAlive = canEnd { _ in true }
        if isAlive.allSatisfy(\.self) { return }
        let starts = starts
        edges.removeAll { state, edge in
            guard isAlive[state], isAlive[Int(edge.target)] else { return true }
            guard case .call(let rule, _) = edge.label else { return false }
            return !isAlive[Int(starts[Int(rule)])]
        }
    }

    /// `[rules]`: whether each derives the empty text. White space is none in the first style.
    func nullable() -> [Bool] {
        let canEnd = canEnd { label in if case .lexeme = label { false } else { true } }
        return starts.map { canEnd[Int($0)] }
    }

    /// `[states]`: whether the end of its rule can be reached from each, over edges that are passed.
    ///
    /// From the ends backwards, so that it is linear: a state can end if it is final or a passed edge leads to one that can,
    /// where a call's edge counts once the called rule's start can.
    private func canEnd(passing: (Grammar.Label) -> Bool) -> [Bool] {
        let (incoming, callers) = turned(passing)
        let rules = RowTable(starts.indices.map { (Int(starts[$0]), Int32($0)) }, rowCount: edges.count)
        var result = isFinal
        var pending = isFinal.indices.filter { isFinal[$0] }
        while let state = pending.popLast() {
            for edge in incoming[state] where edge.call < 0 || result[Int(starts[Int(edge.call)])] {
                if !result[Int(edge.state)] {
                    result[Int(edge.state)] = true
                    pending.append(Int(edge.state))
                }
            }
            for rule in rules[state] {
                for edge in callers[Int(rule)] where result[Int(edge.to)] && !result[Int(edge.from)] {
                    result[Int(edge.from)] = true
                    pending.append(Int(edge.from))
                }
            }
        }
        return result
    }

    /// The edges that are passed, by the states that they lead to, and the calls among them by their rules.
    private func turned(
        _ passing: (Grammar.Label) -> Bool
    ) -> (incoming: RowTable<(state: Int32, call: Int32)>, callers: RowTable<(from: Int32, to: Int32)>) {
        var passed: [(row: Int, value: (state: Int32, call: Int32))] = []
        var calls: [(row: Int, value: (from: Int32, to: Int32))] = []
        passed.reserveCapacity(2 * edges.count)
        for state in 0..<edges.count {
            for edge in edges[state] where passing(edge.label) {
                var call: Int32 = -1
                if case .call(let rule, _) = edge.label {
                    call = rule
                    calls.append((Int(rule), (Int32(state), edge.target)))
                }
                passed.append((Int(edge.target), (Int32(state), call)))
            }
        }
        return (RowTable(passed, rowCount: edges.count), RowTable(calls, rowCount: starts.count))
    }

    /// The states that are reached without reading anything.
    func closure(of state: Int32, nullable: [Bool]) -> [Int32] {
        var reached = [state]
        var seen: Set<Int32> = [state]
        var index = 0
        while index < reached.count {
            for edge in edges[Int(reached[index])] where Self.isSkipped(edge, nullable) {
                if seen.insert(edge.target).inserted { reached.append(edge.target) }
            }
            index += 1
        }
        return reached
    }

    /// Whether an edge can be passed without reading anything. White space is no such edge: its style would be lost, and no
    /// rule calls itself behind nothing but white space.
    private static func isSkipped(_ edge: Grammar.Edge, _ nullable: [Bool]) -> Bool {
        switch edge.label {
        case .empty: true
        case .lexeme, .space: false
        case .call(let rule, _): nullable[Int(rule)]
        }
    }

    /// Only what is reached from the start, numbered anew.
    func compacted(start: Int, lexemes: [Lexeme]) -> Grammar {
        var states = Numbering(count: edges.count)
        var rules = Numbering(count: starts.count)
        var kept = Numbering(count: lexemes.count)
        /// A rule's start gets its number with the rule.
        func number(rule: Int32) -> Int32 {
            let (number, isNew) = rules.number(of: rule)
            if isNew { _ = states.number(of: starts[Int(rule)]) }
            return number
        }
        _ = number(rule: Int32(start))
        var newEdges = EdgeLists()
        while newEdges.count < states.order.count {
            let state = newEdges.count
            newEdges.addState()
            for var edge in edges[Int(states.order[state])] {
                switch edge.label {
                case .call(let rule, let isContainer):
                    edge.label = .call(rule: number(rule: rule), isContainer: isContainer)
                case .lexeme(let lexeme): edge.label = .lexeme(kept.number(of: lexeme).number)
                case .empty, .space: break
                }
                edge.target = states.number(of: edge.target).number
                newEdges.append(edge, to: state)
            }
        }
        return Grammar(
            lexemes: kept.order.map { lexemes[Int($0)] }, edges: newEdges,
            isFinal: states.order.map { isFinal[Int($0)] },
            starts: rules.order.map { states.number(of: starts[Int($0)]).number }, start: 0,
            acceptsEmpty: nullable()[start])
    }
}

/// New numbers for some of `0..<count`, in the order in which they are asked for.
private struct Numbering {
    private var numbers: [Int32]
    private(set) var order: [Int32] = []

    init(count: Int) {
        numbers = Array(repeating: -1, count: count)
    }

    mutating func number(of old: Int32) -> (number: Int32, isNew: Bool) {
        if numbers[Int(old)] >= 0 { return (numbers[Int(old)], false) }
        numbers[Int(old)] = Int32(order.count)
        order.append(old)
        return (Int32(order.count - 1), true)
    }
}

/// Lists by row, one behind the other in one array.
private struct RowTable<Value> {
    private let values: [Value]
    /// `[rows + 1]`: where each row begins.
    private let starts: [Int32]

    /// - Parameter entries: the values of a row keep their order.
    init(_ entries: [(row: Int, value: Value)], rowCount: Int) {
        var starts = [Int32](repeating: 0, count: rowCount + 1)
        for entry in entries { starts[entry.row] += 1 }
        for row in 0..<rowCount { starts[row + 1] += starts[row] }
        var places = [Int32](repeating: 0, count: entries.count)
        for index in entries.indices.reversed() {
            let row = entries[index].row
            starts[row] -= 1
            places[Int(starts[row])] = Int32(index)
        }
        values = places.map { entries[Int($0)].value }
        self.starts = starts
    }

    subscript(row: Int) -> ArraySlice<Value> { values[Int(starts[row])..<Int(starts[row + 1])] }
}
