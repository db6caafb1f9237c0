extension TokenVocabulary {
    /// Walks the tree beneath a node as far as an automaton goes, in the tree's order.
    ///
    /// - Parameter body: Called with each node that was reached and the automaton's state there.
    @inline(__always)
    func walkAutomaton(_ automaton: ByteAutomaton, from state: Int32, below node: Int, _ body: (Int, Int32) -> Void) {
        automaton.withTable { table in
            walk(from: state, below: node, { table.next($0, $1) }, body)
        }
    }

    /// The same for a lexeme that counts texts of an automaton.
    ///
    /// - Parameter body: Called with each node that was reached, the automaton's state and the count there; the state is 0
    ///   where a text has ended.
    @inline(__always)
    func walkCounted(
        _ automaton: ByteAutomaton, max: Int32, from state: Int32, count: Int32, below node: Int,
        _ body: (Int, Int32, Int32) -> Void
    ) {
        automaton.withTable { table in
            walk(from: CountedState(state: state, count: count), below: node) { place, byte in
                guard place.count < max else { return nil }
                guard let next = table.next(place.state, byte) else { return nil }
                return table.isAccepting(next)
                    ? CountedState(state: 0, count: place.count &+ 1) : CountedState(state: next, count: place.count)
            } _: { node, place in
                body(node, place.state, place.count)
            }
        }
    }

    /// The same for a lexeme whose characters are bounded.
    ///
    /// - Parameter body: Called with each node that was reached and the automaton's state there.
    @inline(__always)
    func walkBounded(
        _ automaton: ByteAutomaton, _ characters: CharacterCount, max: Int32, from state: Int32, count: Int32,
        below node: Int, _ body: (Int, Int32) -> Void
    ) {
        automaton.withTable { table in
            walk(from: CountedState(state: state, count: count), below: node) { place, byte in
                guard let next = table.next(place.state, byte) else { return nil }
                let count = place.count &+ characters.begun(at: place.state, by: byte)
                return count + characters.least[Int(next)] <= max ? CountedState(state: next, count: count) : nil
            } _: { node, place in
                body(node, place.state)
            }
        }
    }

    private struct CountedState {
        var state: Int32
        var count: Int32
    }

    /// Walks the nodes that an automaton reaches from one of two states and not in the same state from both.
    ///
    /// - Parameter body: Called with each such node and the automaton's state there from `state`, or
    ///   ``ByteAutomaton/dead``.
    @inline(__always)
    func walkDifference(
        _ automaton: ByteAutomaton, from state: Int32, insteadOf other: Int32, _ body: (Int, Int32) -> Void
    ) {
        automaton.withTable { table in
            walk(from: StatePair(first: state, second: other), below: 0) { pair, byte in
                let first = pair.first == ByteAutomaton.dead ? nil : table.next(pair.first, byte)
                let second = pair.second == ByteAutomaton.dead ? nil : table.next(pair.second, byte)
                guard first != second else { return nil }
                return StatePair(first: first ?? ByteAutomaton.dead, second: second ?? ByteAutomaton.dead)
            } _: { node, pair in
                body(node, pair.first)
            }
        }
    }

    private struct StatePair {
        var first: Int32
        var second: Int32
    }

    /// Whether one of the bytes leads on from a node.
    func hasChild(of node: Int, in bytes: ByteMask) -> Bool {
        var child = node + 1
        let end = Int(nodeEnds[node])
        while child < end {
            if bytes.contains(nodeBytes[child]) { return true }
            child = Int(nodeEnds[child])
        }
        return false
    }

    /// Walks the tree beneath a node as far as `next` goes.
    @inline(__always)
    private func walk<State>(
        from state: State, below node: Int, _ next: (State, UInt8) -> State?, _ body: (Int, State) -> Void
    ) {
        let base = Int(depths[node])
        let end = Int(nodeEnds[node])
        // One more than the longest token, for the place of the node itself.
        withUnsafeTemporaryAllocation(of: State.self, capacity: longest + 1) { states in
            states.initialize(repeating: state)
            nodeBytes.withUnsafeBufferPointer { bytes in
                depths.withUnsafeBufferPointer { depths in
                    nodeEnds.withUnsafeBufferPointer { ends in
                        var index = node &+ 1
                        while index < end {
                            let depth = Int(depths[index]) &- base
                            guard let reached = next(states[depth &- 1], bytes[index]) else {
                                index = Int(ends[index])
                                continue
                            }
                            states[depth] = reached
                            body(index, reached)
                            index &+= 1
                        }
                    }
                }
            }
        }
    }
}

extension ByteAutomaton {
    /// The automaton's arrays without counting references at each byte.
    ///
    /// - Note: Sound because the pointers live as long as the closure they are given to.
    struct Table {
        let classes: UnsafeBufferPointer<UInt8>
        let classCount: Int
        let transitions: UnsafeBufferPointer<Int32>
        let accepting: UnsafeBufferPointer<Bool>

        @inline(__always)
        func next(_ state: Int32, _ byte: UInt8) -> Int32? {
            let next = transitions[Int(state) &* classCount &+ Int(classes[Int(byte)])]
            return next == ByteAutomaton.dead ? nil : next
        }

        @inline(__always)
        func isAccepting(_ state: Int32) -> Bool { accepting[Int(state)] }
    }

    @inline(__always)
    func withTable<Result>(_ body: (Table) -> Result) -> Result {
        classes.withUnsafeBufferPointer { classes in
            transitions.withUnsafeBufferPointer { transitions in
                accepting.withUnsafeBufferPointer { accepting in
                    body(
                        Table(classes: classes, classCount: classCount, transitions: transitions, accepting: accepting))
                }
            }
        }
    }
}
