extension ByteAutomaton {
    /// The one minimal automaton of a language: its states in breadth-first order, its classes of bytes as few as can be and
    /// in the order of their first bytes.
    ///
    /// - Parameter table: its symbols are the classes; neither needs to be minimal.
    init(minimising table: consuming StateTable, classes: ByteClasses) throws(GrammarError) {
        // Fewer columns are fewer transitions to refine; some become equal only when the states do.
        var classes = classes
        let reduced = table.mergingEqualColumns(&classes)
        self.init(try reduced.minimised(), mergingEqual: classes)
    }

    /// - Parameter minimal: minimal but for its symbols: some of them may lead to the same states everywhere.
    init(_ minimal: consuming StateTable, mergingEqual classes: ByteClasses) {
        guard minimal.stateCount > 0 else {
            self = .none
            return
        }
        var classes = classes
        let merged = minimal.mergingEqualColumns(&classes)
        self.init(
            classes: classes.classOfByte, classCount: classes.count, transitions: merged.transitions,
            accepting: merged.accepting)
    }

    /// Throws `limit` for an automaton beyond ``GrammarLimits/automatonStates`` or ``GrammarLimits/automatonCells``.
    func checked() throws(GrammarError) -> ByteAutomaton {
        guard stateCount <= GrammarLimits.automatonStates, transitions.count <= GrammarLimits.automatonCells else {
            throw GrammarError(
                .limit,
                "the expression needs \(stateCount) states; at most \(GrammarLimits.automatonStates) states and a table of "
                    + "\(GrammarLimits.automatonCells) places are allowed")
        }
        return self
    }
}

extension StateTable {
    /// The same automaton with one symbol for all symbols that lead to the same states everywhere.
    fileprivate consuming func mergingEqualColumns(_ classes: inout ByteClasses) -> StateTable {
        var hashes = [UInt64](repeating: 0, count: symbolCount)
        var cell = 0
        while cell < transitions.count {
            for column in 0..<symbolCount {
                hashes[column] = (hashes[column] ^ UInt64(UInt32(bitPattern: transitions[cell]))) &* 0x100_0000_01B3
                cell += 1
            }
        }
        var kept: [Int] = []
        var numbers: [UInt8] = []
        for column in 0..<symbolCount {
            let like = kept.firstIndex { hashes[$0] == hashes[column] && hasEqualColumns($0, column) }
            numbers.append(UInt8(like ?? kept.count))
            if like == nil { kept.append(column) }
        }
        if kept.count == symbolCount { return self }
        classes.merge(into: numbers, count: kept.count)
        var merged = StateTable(symbolCount: kept.count)
        merged.accepting = accepting
        merged.transitions.reserveCapacity(stateCount * kept.count)
        for row in stride(from: 0, to: transitions.count, by: symbolCount) {
            for column in kept { merged.transitions.append(transitions[row + column]) }
        }
        return merged
    }

    private func hasEqualColumns(_ first: Int, _ second: Int) -> Bool {
        for row in stride(from: 0, to: transitions.count, by: symbolCount)
        where transitions[row + first] != transitions[row + second] { return false }
        return true
    }
}
