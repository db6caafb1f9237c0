/// Joins automata with links that cost no byte, and makes one deterministic automaton of them.
///
/// A link from a state to another means that the first has what the second has: its transitions and whether it accepts. Where
/// no byte leads to two places a link is settled by copying the transitions, and nothing has to be determinised; that is
/// so for most of what JSON is made of.
struct AutomatonBuilder {
    let classes: ByteClasses
    private var table: StateTable
    /// The links in the order in which they came, by state: the last link of each state, and each link's predecessor.
    private var lastLink: [Int32] = []
    private var linkTargets: [Int32] = []
    private var previousLinks: [Int32] = []

    /// - Parameter parts: the automata that will be added; bytes that none of them tells apart form one class.
    init(classesOf parts: [ByteAutomaton]) {
        var classes = ByteClasses()
        for part in parts { classes.refine(by: part.classes, count: part.classCount) }
        self.classes = classes
        table = StateTable(symbolCount: classes.count)
    }

    /// Adds a state without transitions.
    mutating func addState(accepting: Bool) throws(GrammarError) -> Int32 {
        lastLink.append(-1)
        return try table.addState(accepting: accepting)
    }

    /// Adds the states of an automaton.
    /// - Returns: its start; its other states follow in their own order.
    mutating func add(_ part: ByteAutomaton, accepting isAccepting: Bool = true) throws(GrammarError) -> Int32 {
        let start = Int32(table.stateCount)
        let columns = classes.map(to: part.classes)
        for state in 0..<part.stateCount {
            let number = Int(try addState(accepting: isAccepting && part.accepting[state]))
            for (symbol, column) in columns.enumerated() {
                let target = part.transitions[state * part.classCount + column]
                if target >= 0 { table.transitions[number * classes.count + symbol] = target + start }
            }
            try checkCancellation(step: number)
        }
        return start
    }

    mutating func setAccepting(_ state: Int32, _ isAccepting: Bool) {
        table.accepting[Int(state)] = isAccepting
    }

    mutating func link(_ state: Int32, to target: Int32) {
        guard state != target else { return }
        linkTargets.append(target)
        previousLinks.append(lastLink[Int(state)])
        lastLink[Int(state)] = Int32(linkTargets.count - 1)
    }

    /// The automaton of all texts that lead from the start to an accepting state.
    consuming func finish(start: Int32) throws(GrammarError) -> ByteAutomaton {
        if try !settleLinks() {
            table = try determinised(from: start)
        } else if start != 0 {
            swapStates(0, start)
        }
        return try ByteAutomaton(minimising: table, classes: classes).checked()
    }

    // MARK: - Without determinising

    /// Copies transitions over links until none is left; false if some byte leads to two places or links form a ring.
    private mutating func settleLinks() throws(GrammarError) -> Bool {
        guard !linkTargets.isEmpty else { return true }
        // 0 not yet seen, 1 waits for its targets, 2 settled.
        var phase = [UInt8](repeating: 0, count: table.stateCount)
        var pending: [Int32] = []
        for first in 0..<Int32(table.stateCount) where lastLink[Int(first)] >= 0 && phase[Int(first)] == 0 {
            pending.append(first)
            while let state = pending.last.map(Int.init) {
                if phase[state] == 2 {
                    pending.removeLast()
                    continue
                }
                let isReady = phase[state] == 1
                phase[state] = isReady ? 2 : 1
                var link = Int(lastLink[state])
                while link >= 0 {
                    let target = Int(linkTargets[link])
                    if isReady {
                        guard copyTransitions(from: target, to: state) else { return false }
                    } else if phase[target] == 1 {
                        return false
                    } else if phase[target] == 0 {
                        if lastLink[target] < 0 { phase[target] = 2 } else { pending.append(Int32(target)) }
                    }
                    link = Int(previousLinks[link])
                }
                if isReady { pending.removeLast() }
            }
        }
        linkTargets.removeAll()
        return true
    }

    private mutating func copyTransitions(from source: Int, to state: Int) -> Bool {
        let count = classes.count
        for symbol in 0..<count {
            let target = table.transitions[source * count + symbol]
            guard target >= 0 else { continue }
            let own = table.transitions[state * count + symbol]
            guard own < 0 || own == target else { return false }
            table.transitions[state * count + symbol] = target
        }
        if table.accepting[source] { table.accepting[state] = true }
        return true
    }

    private mutating func swapStates(_ first: Int32, _ second: Int32) {
        for cell in table.transitions.indices {
            if table.transitions[cell] == first {
                table.transitions[cell] = second
            } else if table.transitions[cell] == second {
                table.transitions[cell] = first
            }
        }
        let count = classes.count
        for symbol in 0..<count {
            table.transitions.swapAt(Int(first) * count + symbol, Int(second) * count + symbol)
        }
        table.accepting.swapAt(Int(first), Int(second))
    }

    // MARK: - The subset construction

    /// An automaton whose states are the sets of states that a text can lead to.
    ///
    /// Throws `limit` for too many states, or for sets that together are too large.
    private func determinised(from start: Int32) throws(GrammarError) -> StateTable {
        let count = classes.count
        var closure = LinkClosure(stateCount: table.stateCount)
        var sets = SequenceTable<Int32>(expectedCount: table.stateCount)
        var result = StateTable(symbolCount: count)
        closure.begin()
        closure.add(start, of: self)
        try result.addState(accepting: accepts(closure.sorted()))
        _ = sets.number(of: closure.members)
        var current = 0
        while current < sets.count {
            let members = Array(sets[current])
            for symbol in 0..<count {
                closure.begin()
                for member in members {
                    let target = table.transitions[Int(member) * count + symbol]
                    if target >= 0 { closure.add(target, of: self) }
                }
                guard !closure.members.isEmpty else { continue }
                let isAccepting = accepts(closure.sorted())
                let target = sets.number(of: closure.members)
                if target == result.stateCount {
                    try result.addState(accepting: isAccepting)
                    guard sets.totalLength <= GrammarLimits.constructionMembers else { throw StateTable.tooLarge }
                }
                result.transitions[current * count + symbol] = Int32(target)
            }
            current += 1
            try checkCancellation(step: current)
        }
        return result
    }

    private func accepts(_ members: [Int32]) -> Bool { members.contains { table.accepting[Int($0)] } }

    /// The states that links lead to from the states added since ``begin()``, those states included.
    private struct LinkClosure {
        private(set) var members: [Int32] = []
        private var stamps: [Int32]
        private var stamp: Int32 = 0

        init(stateCount: Int) {
            stamps = Array(repeating: 0, count: stateCount)
        }

        mutating func begin() {
            stamp += 1
            members.removeAll(keepingCapacity: true)
        }

        mutating func add(_ state: Int32, of builder: borrowing AutomatonBuilder) {
            guard stamps[Int(state)] != stamp else { return }
            stamps[Int(state)] = stamp
            var next = members.count
            members.append(state)
            while next < members.count {
                var link = builder.lastLink[Int(members[next])]
                while link >= 0 {
                    let target = builder.linkTargets[Int(link)]
                    if stamps[Int(target)] != stamp {
                        stamps[Int(target)] = stamp
                        members.append(target)
                    }
                    link = builder.previousLinks[Int(link)]
                }
                next += 1
            }
        }

        mutating func sorted() -> [Int32] {
            members.sort()
            return members
        }
    }
}
