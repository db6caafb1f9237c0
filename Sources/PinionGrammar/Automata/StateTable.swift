/// A deterministic automaton over numbered symbols, on its way to be minimal.
///
/// The symbols are classes of bytes or of scalars. State 0 is the start; an automaton without states has the empty
/// language. A transition of ``ByteAutomaton/dead`` leads nowhere.
struct StateTable {
    let symbolCount: Int
    /// `[states, symbolCount]`
    var transitions: [Int32] = []
    /// `[states]`
    var accepting: [Bool] = []

    var stateCount: Int { accepting.count }

    init(symbolCount: Int) {
        self.symbolCount = symbolCount
    }

    /// Adds a state without transitions.
    ///
    /// Throws `limit` beyond ``GrammarLimits/constructionStates`` or ``GrammarLimits/constructionCells``.
    @discardableResult
    mutating func addState(accepting isAccepting: Bool) throws(GrammarError) -> Int32 {
        guard stateCount < GrammarLimits.constructionStates,
            transitions.count + symbolCount <= GrammarLimits.constructionCells
        else { throw Self.tooLarge }
        accepting.append(isAccepting)
        transitions.append(contentsOf: repeatElement(ByteAutomaton.dead, count: symbolCount))
        return Int32(accepting.count - 1)
    }

    static let tooLarge = GrammarError(
        .limit,
        "the expression needs more than \(GrammarLimits.constructionStates) states or an equally large table; "
            + "smaller counts or fewer alternatives are needed")

    /// The same language with the fewest states, each of which reaches an accepting one. The states' numbers are in the
    /// order in which a breadth-first walk meets them, symbol by symbol.
    consuming func minimised() throws(GrammarError) -> StateTable {
        let live = liveStates()
        guard stateCount > 0, live[0] else { return StateTable(symbolCount: symbolCount) }
        if let blocks = try acyclicBlocks(live) {
            return numbered(
                blocks: blocks.ofState, representatives: blocks.representatives, start: blocks.ofState[0])
        }
        var refinement = StateRefinement(self, live: live)
        try refinement.run()
        let blocks = refinement.blockOfState
        return numbered(blocks: blocks, representatives: refinement.representatives, start: blocks[0])
    }

    // MARK: - Finite languages

    /// The blocks of states with one language, and a state of each, if no live state leads back to itself.
    ///
    /// States are settled when all states behind them are. A state's language is then told by its transitions to blocks, so one
    /// look at each state is enough, where a refinement takes many.
    private func acyclicBlocks(
        _ live: [Bool]
    ) throws(GrammarError) -> (ofState: [Int32], representatives: [Int32])? {
        var blocks = [Int32](repeating: -1, count: stateCount)
        var representatives: [Int32] = []
        var rows = SequenceTable<Int32>(expectedCount: stateCount)
        var row = [Int32](repeating: ByteAutomaton.dead, count: symbolCount + 1)
        var isOnPath = [Bool](repeating: false, count: stateCount)
        // The states on the way from the start, and the symbol to look at next in each.
        var path: [(state: Int32, symbol: Int)] = [(0, 0)]
        isOnPath[0] = true
        while let (number, first) = path.last {
            let state = Int(number)
            var symbol = first
            while symbol < symbolCount {
                let target = Int(transitions[state * symbolCount + symbol])
                if target >= 0, live[target], blocks[target] < 0 {
                    if isOnPath[target] { return nil }
                    break
                }
                symbol += 1
            }
            if symbol < symbolCount {
                let target = transitions[state * symbolCount + symbol]
                path[path.count - 1].symbol = symbol + 1
                path.append((target, 0))
                isOnPath[Int(target)] = true
                continue
            }
            for symbol in 0..<symbolCount {
                let target = Int(transitions[state * symbolCount + symbol])
                row[symbol] = target >= 0 ? blocks[target] : ByteAutomaton.dead
            }
            row[symbolCount] = accepting[state] ? 1 : 0
            let block = rows.number(of: row)
            if block == representatives.count { representatives.append(number) }
            blocks[state] = Int32(block)
            isOnPath[state] = false
            path.removeLast()
            try checkCancellation(step: block)
        }
        return (blocks, representatives)
    }

    // MARK: - Live states

    /// Which states a text leads to that can still become a text of the language.
    private func liveStates() -> [Bool] {
        guard stateCount > 0 else { return [] }
        var reached = [Bool](repeating: false, count: stateCount)
        var pending: [Int32] = [0]
        reached[0] = true
        var edgeCount = [Int32](repeating: 0, count: stateCount + 1)
        while let state = pending.popLast() {
            let row = Int(state) * symbolCount
            for cell in row..<row + symbolCount {
                let target = transitions[cell]
                guard target >= 0 else { continue }
                edgeCount[Int(target)] += 1
                if !reached[Int(target)] {
                    reached[Int(target)] = true
                    pending.append(target)
                }
            }
        }
        // The edges, turned round and sorted by the state that they lead to.
        var ends = edgeCount
        for state in 1..<ends.count { ends[state] += ends[state - 1] }
        var sources = [Int32](repeating: 0, count: Int(ends[stateCount]))
        var places = ends
        for state in 0..<stateCount where reached[state] {
            let row = state * symbolCount
            for cell in row..<row + symbolCount where transitions[cell] >= 0 {
                let target = Int(transitions[cell])
                places[target] -= 1
                sources[Int(places[target])] = Int32(state)
            }
        }
        var live = [Bool](repeating: false, count: stateCount)
        for state in 0..<stateCount where reached[state] && accepting[state] {
            live[state] = true
            pending.append(Int32(state))
        }
        while let state = pending.popLast() {
            for place in Int(places[Int(state)])..<Int(ends[Int(state)]) where !live[Int(sources[place])] {
                live[Int(sources[place])] = true
                pending.append(sources[place])
            }
        }
        return live
    }

    // MARK: - Numbering

    /// The states that a state leads to, with it as the start, numbered as ``minimised()`` does.
    func numbered(from start: Int32) -> StateTable {
        let states = Array(0..<Int32(stateCount))
        return numbered(blocks: states, representatives: states, start: start)
    }

    private func numbered(blocks: [Int32], representatives: [Int32], start: Int32) -> StateTable {
        var number = [Int32](repeating: ByteAutomaton.dead, count: representatives.count)
        var order: [Int32] = [start]
        order.reserveCapacity(representatives.count)
        number[Int(start)] = 0
        var result = StateTable(symbolCount: symbolCount)
        result.transitions.reserveCapacity(representatives.count * symbolCount)
        result.accepting.reserveCapacity(representatives.count)
        var next = 0
        while next < order.count {
            let state = Int(representatives[Int(order[next])])
            next += 1
            result.accepting.append(accepting[state])
            for cell in state * symbolCount..<(state + 1) * symbolCount {
                let target = transitions[cell]
                let block = target < 0 ? -1 : Int(blocks[Int(target)])
                guard block >= 0 else {
                    result.transitions.append(ByteAutomaton.dead)
                    continue
                }
                if number[block] < 0 {
                    number[block] = Int32(order.count)
                    order.append(Int32(block))
                }
                result.transitions.append(number[block])
            }
        }
        return result
    }
}
