/// A rule that begins with itself would be called without end before anything is read.
///
/// Only which texts a rule derives matters here, not how, so that `A = A x | y` can become `A = y x*` (Paull's algorithm,
/// on automata: where the rule ends, it may go on behind the call of itself).
extension RuleTable {
    /// - Parameter names: Of the rules, for messages.
    mutating func resolveLeftRecursion(names: [String]) throws(GrammarError) {
        let nullable = nullable()
        let groups = recursiveGroups(nullable)
        if groups.isEmpty { return }
        for group in groups {
            for (index, rule) in group.enumerated() {
                for earlier in group[..<index] { try inline(earlier, atTheBeginningOf: rule, nullable) }
                try resolveDirect(rule, nullable)
            }
        }
        guard recursiveGroups(nullable).isEmpty else {
            throw GrammarError(.unsupported, "left recursion through rules that can be empty")
        }
    }

    /// The rules that a rule may call before anything is read.
    private func leftCalls(_ rule: Int, _ nullable: [Bool]) -> [Int] {
        var called: Set<Int> = []
        for state in closure(of: starts[rule], nullable: nullable) {
            for edge in edges[Int(state)] {
                if case .call(let callee, _) = edge.label { called.insert(Int(callee)) }
            }
        }
        return called.sorted()
    }

    /// Rules that reach themselves by left calls, those that reach each other together (Tarjan's algorithm).
    private func recursiveGroups(_ nullable: [Bool]) -> [[Int]] {
        let calls = starts.indices.map { leftCalls($0, nullable) }
        var order = [Int](repeating: -1, count: calls.count)
        var lowest = order
        var isOpen = [Bool](repeating: false, count: calls.count)
        var open: [Int] = []
        var groups: [[Int]] = []
        var counter = 0
        for root in calls.indices where order[root] < 0 {
            // An explicit stack, because a chain of 10,000 rules would overflow the thread's.
            var path: [(rule: Int, next: Int)] = [(root, 0)]
            while let (rule, next) = path.last {
                if next == 0 {
                    order[rule] = counter
                    lowest[rule] = counter
                    counter += 1
                    open.append(rule)
                    isOpen[rule] = true
                }
                if next < calls[rule].count {
                    path[path.count - 1].next += 1
                    let callee = calls[rule][next]
                    if order[callee] < 0 {
                        path.append((callee, 0))
                    } else if isOpen[callee] {
                        lowest[rule] = min(lowest[rule], order[callee])
                    }
                    continue
                }
                path.removeLast()
                if let caller = path.last?.rule { lowest[caller] = min(lowest[caller], lowest[rule]) }
                guard lowest[rule] == order[rule] else { continue }
                var group: [Int] = []
                while let member = open.popLast() {
                    isOpen[member] = false
                    group.append(member)
                    if member == rule { break }
                }
                if group.count > 1 || calls[rule].contains(rule) { groups.append(group.sorted()) }
            }
        }
        return groups
    }

    /// Gives a rule a start of its own, which nothing leads back to, with every edge that reads something.
    ///
    /// - Parameter isKept: Which calls stay; the targets of the others are returned.
    private mutating func renewStart(
        of rule: Int, _ nullable: [Bool], keeping isKept: (Int32) -> Bool
    ) throws(GrammarError) -> [Int32] {
        let reached = closure(of: starts[rule], nullable: nullable)
        let start = try newState()
        var dropped: [Int32] = []
        for state in reached {
            if isFinal[Int(state)] { isFinal[Int(start)] = true }
            for edge in Array(edges[Int(state)]) {
                switch edge.label {
                case .empty: break
                case .call(let callee, _) where !isKept(callee): dropped.append(edge.target)
                case .lexeme, .space, .call: edges.append(edge, to: Int(start))
                }
            }
        }
        starts[rule] = start
        return dropped
    }

    private mutating func newState() throws(GrammarError) -> Int32 {
        guard edges.count < GrammarLimits.ruleStates else {
            throw GrammarError(
                .limit, "the grammar has more than \(GrammarLimits.ruleStates) states without left recursion")
        }
        edges.addState()
        isFinal.append(false)
        return Int32(edges.count - 1)
    }

    private mutating func resolveDirect(_ rule: Int, _ nullable: [Bool]) throws(GrammarError) {
        let own = Int32(rule)
        guard leftCalls(rule, nullable).contains(rule) else { return }
        let again = try renewStart(of: rule, nullable) { $0 != own }
        for state in states(from: starts[rule]) where isFinal[Int(state)] && state != starts[rule] {
            for target in again { edges.append(Grammar.Edge(label: .empty, target: target), to: Int(state)) }
        }
    }

    /// Writes what one rule derives in the place of its calls at the beginning of another.
    private mutating func inline(
        _ callee: Int, atTheBeginningOf rule: Int, _ nullable: [Bool]
    ) throws(GrammarError) {
        guard leftCalls(rule, nullable).contains(callee) else { return }
        let after = try renewStart(of: rule, nullable) { $0 != Int32(callee) }
        let body = states(from: starts[callee])
        let places = Dictionary(uniqueKeysWithValues: body.enumerated().map { ($1, Int32($0)) })
        for target in after {
            // A copy of the body's state number k is `first + k`, because states are only added here.
            let first = Int32(edges.count)
            for _ in body { _ = try newState() }
            for (place, state) in body.enumerated() {
                let copy = Int(first) + place
                for edge in Array(edges[Int(state)]) {
                    guard let index = places[edge.target] else { continue }
                    edges.append(Grammar.Edge(label: edge.label, target: first + index), to: copy)
                }
                if isFinal[Int(state)] { edges.append(Grammar.Edge(label: .empty, target: target), to: copy) }
            }
            // The body's own start comes first in it.
            edges.append(Grammar.Edge(label: .empty, target: first), to: Int(starts[rule]))
        }
    }

    /// The states of the rule that begins in one.
    private func states(from start: Int32) -> [Int32] {
        var reached = [start]
        var seen: Set<Int32> = [start]
        var index = 0
        while index < reached.count {
            for edge in edges[Int(reached[index])] where seen.insert(edge.target).inserted {
                reached.append(edge.target)
            }
            index += 1
        }
        return reached
    }
}
