/// Finds which states of an automaton have the same language, by splitting blocks of states until no split is left.
///
/// Hopcroft's idea in the form that A. Valmari gave it for automata whose transitions are not total (*Fast brief practical
/// DFA minimization*, 2012): beside the states the transitions are divided too, and a block of either side splits the blocks
/// of the other. Takes time in O(m log m) for m transitions, so a chain of many thousand states is no problem; Moore's
/// rounds would be quadratic in its length.
struct StateRefinement: ~Copyable {
    private var states: Partition
    private var edges: Partition
    /// `[edges]`: the live states that an edge leaves and enters, numbered among the live states.
    private var tails: [Int32] = []
    private var heads: [Int32] = []
    /// `[live states + 1]` and `[edges]`: the edges that enter each state.
    private var firstIncoming: [Int32]
    private var incoming: [Int32]
    private let liveStates: [Int32]
    private let stateCount: Int

    init(_ table: borrowing StateTable, live: [Bool]) {
        stateCount = live.count
        var numbers = [Int32](repeating: -1, count: live.count)
        var liveStates: [Int32] = []
        for state in 0..<live.count where live[state] {
            numbers[state] = Int32(liveStates.count)
            liveStates.append(Int32(state))
        }
        self.liveStates = liveStates
        states = Partition(count: liveStates.count)
        // Symbol by symbol, so that the edges' first division is by symbol.
        var edgeStarts: [Int32] = []
        for symbol in 0..<table.symbolCount {
            let start = tails.count
            for (number, state) in liveStates.enumerated() {
                let target = table.transitions[Int(state) * table.symbolCount + symbol]
                guard target >= 0, live[Int(target)] else { continue }
                tails.append(Int32(number))
                heads.append(numbers[Int(target)])
            }
            if tails.count > start { edgeStarts.append(Int32(start)) }
        }
        edges = Partition(count: tails.count, blockStarts: edgeStarts)
        firstIncoming = Array(repeating: 0, count: liveStates.count + 1)
        for head in heads { firstIncoming[Int(head)] += 1 }
        for state in 1..<firstIncoming.count { firstIncoming[state] += firstIncoming[state - 1] }
        incoming = Array(repeating: 0, count: heads.count)
        for edge in heads.indices {
            firstIncoming[Int(heads[edge])] -= 1
            incoming[Int(firstIncoming[Int(heads[edge])])] = Int32(edge)
        }
        for (number, state) in liveStates.enumerated() where table.accepting[Int(state)] { states.mark(number) }
        states.split()
    }

    mutating func run() throws(GrammarError) {
        // The first block of states needs no turn: each edge enters it or another block.
        var stateBlock = 1
        var edgeBlock = 0
        while edgeBlock < edges.blockCount {
            for place in edges.range(of: edgeBlock) { states.mark(Int(tails[edges.member(at: place)])) }
            states.split()
            edgeBlock += 1
            while stateBlock < states.blockCount {
                for place in states.range(of: stateBlock) {
                    let state = states.member(at: place)
                    for index in Int(firstIncoming[state])..<Int(firstIncoming[state + 1]) {
                        edges.mark(Int(incoming[index]))
                    }
                }
                edges.split()
                stateBlock += 1
            }
            try checkCancellation(step: edgeBlock)
        }
    }

    /// `[states]`: the block of a state, -1 for a state that is not live.
    var blockOfState: [Int32] {
        var blocks = [Int32](repeating: -1, count: stateCount)
        for (number, state) in liveStates.enumerated() { blocks[Int(state)] = Int32(states.block(of: number)) }
        return blocks
    }

    /// `[blocks]`: one state of each block.
    var representatives: [Int32] {
        (0..<states.blockCount).map { liveStates[states.member(at: states.range(of: $0).lowerBound)] }
    }
}
