extension GrammarBuilder {
    /// The grammar of what a rule derives: without rules and states that lead nowhere, without left recursion.
    ///
    /// - Throws: ``GrammarError`` with `invalid` for a rule without definition, `unsatisfiable` if the start derives nothing,
    ///   `limit` if left recursion cannot be resolved within ``GrammarLimits/ruleStates``.
    package consuming func finish(start: Int) throws(GrammarError) -> Grammar {
        var starts: [Int32] = []
        var finals: Set<Int32> = []
        for (rule, states) in ends.enumerated() {
            guard let states else { throw GrammarError(.invalid, "rule '\(names[rule])' is used and not defined") }
            starts.append(states.start)
            finals.insert(states.end)
        }
        var table = RuleTable(edges: edges, starts: starts, finals: finals)
        table.removeDeadEnds()
        guard !table.edges[Int(table.starts[start])].isEmpty || table.finals.contains(table.starts[start]) else {
            throw GrammarError(.unsatisfiable, "nothing can satisfy it")
        }
        try table.resolveLeftRecursion(names: names)
        return table.compacted(start: start, lexemes: lexemes)
    }
}

/// The rules of a grammar while they are put into their last form.
struct RuleTable {
    /// `[states]`
    var edges: [[Grammar.Edge]]
    /// `[rules]`
    var starts: [Int32]
    /// States that a rule may end in; each belongs to one rule.
    var finals: Set<Int32>

    /// Takes away the edges from which no text can be finished.
    mutating func removeDeadEnds() {
        let isAlive = canEnd { _ in true }
        for state in edges.indices {
            guard isAlive[state] else {
                edges[state] = []
                continue
            }
            edges[state].removeAll { edge in
                guard isAlive[Int(edge.target)] else { return true }
                guard case .call(let rule, _) = edge.label else { return false }
                return !isAlive[Int(starts[Int(rule)])]
            }
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
        var incoming = [[(state: Int32, call: Int32)]](repeating: [], count: edges.count)
        var callers = [[(from: Int32, to: Int32)]](repeating: [], count: starts.count)
        for (state, list) in edges.enumerated() {
            for edge in list where passing(edge.label) {
                if case .call(let rule, _) = edge.label {
                    incoming[Int(edge.target)].append((Int32(state), rule))
                    callers[Int(rule)].append((Int32(state), edge.target))
                } else {
                    incoming[Int(edge.target)].append((Int32(state), -1))
                }
            }
        }
        var rulesOfStart: [Int32: [Int]] = [:]
        for (rule, start) in starts.enumerated() { rulesOfStart[start, default: []].append(rule) }
        var result = [Bool](repeating: false, count: edges.count)
        var pending = Array(finals)
        for state in pending { result[Int(state)] = true }
        while let state = pending.popLast() {
            var reached = incoming[Int(state)]
                .filter { $0.call < 0 || result[Int(starts[Int($0.call)])] }.map(\.state)
            for rule in rulesOfStart[state] ?? [] {
                reached += callers[rule].filter { result[Int($0.to)] }.map(\.from)
            }
            for previous in reached where !result[Int(previous)] {
                result[Int(previous)] = true
                pending.append(previous)
            }
        }
        return result
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
        var stateIDs: [Int32: Int32] = [:]
        var order: [Int32] = []
        var ruleIDs: [Int32: Int32] = [:]
        var ruleOrder: [Int32] = []
        func number(state: Int32) -> Int32 {
            if let id = stateIDs[state] { return id }
            stateIDs[state] = Int32(order.count)
            order.append(state)
            return Int32(order.count - 1)
        }
        func number(rule: Int32) -> Int32 {
            if let id = ruleIDs[rule] { return id }
            ruleIDs[rule] = Int32(ruleOrder.count)
            ruleOrder.append(rule)
            _ = number(state: starts[Int(rule)])
            return Int32(ruleOrder.count - 1)
        }
        var lexemeIDs: [Int32: Int32] = [:]
        var kept: [Lexeme] = []
        _ = number(rule: Int32(start))
        var newEdges: [[Grammar.Edge]] = []
        var index = 0
        while index < order.count {
            newEdges.append(
                edges[Int(order[index])].map { edge in
                    var edge = edge
                    switch edge.label {
                    case .call(let rule, let isContainer):
                        edge.label = .call(rule: number(rule: rule), isContainer: isContainer)
                    case .lexeme(let lexeme):
                        let id = lexemeIDs[lexeme] ?? Int32(kept.count)
                        if id == kept.count {
                            lexemeIDs[lexeme] = id
                            kept.append(lexemes[Int(lexeme)])
                        }
                        edge.label = .lexeme(id)
                    case .empty, .space: break
                    }
                    edge.target = number(state: edge.target)
                    return edge
                })
            index += 1
        }
        return Grammar(
            lexemes: kept, edges: newEdges, isFinal: order.map(finals.contains),
            starts: ruleOrder.map { number(state: starts[Int($0)]) }, start: 0, acceptsEmpty: nullable()[start])
    }
}
