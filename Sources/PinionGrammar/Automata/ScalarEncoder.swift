import PinionPattern

/// Spells an automaton over the symbols of a ``ScalarPartition`` in bytes.
///
/// The spellings of all scalars form a tree of bytes whose leaves are symbols; equal branches exist once. The automaton over
/// bytes has that tree below each of its states, with the state that a symbol leads to in place of the symbol.
struct ScalarEncoder {
    /// The bytes of a range and what they lead to: a node of the tree, or `~symbol`.
    private struct Branch {
        var low: UInt8
        var high: UInt8
        var target: Int32
    }

    private let partition: ScalarPartition
    /// The branches of all nodes, three numbers each.
    private var nodes = SequenceTable<Int32>()
    /// By length of the continuation and symbol: the node under which every leaf is that symbol, -1 if there is none yet.
    private var uniformNodes: [[Int32]]
    private var root: [Branch] = []

    private static let nowhere = Int32.min
    private static let continuation: UInt8 = 0x80

    init(_ partition: ScalarPartition, _ encoding: ScalarEncoding) {
        self.partition = partition
        uniformNodes = Array(repeating: Array(repeating: -1, count: partition.symbolCount), count: 4)
        root = rootBranches(encoding)
    }

    // MARK: - The tree

    private mutating func rootBranches(_ encoding: ScalarEncoding) -> [Branch] {
        var branches: [Branch] = []
        for byte in UInt8(0)..<0x80 {
            switch (encoding, byte) {
            case (.jsonString, ..<ScalarEncoding.firstLiteral), (.jsonString, ScalarEncoding.quote): break
            case (.jsonString, ScalarEncoding.backslash):
                Self.append(Branch(low: byte, high: byte, target: escapes()), to: &branches)
            default: Self.append(Branch(low: byte, high: byte, target: leaf(UInt32(byte))), to: &branches)
            }
        }
        for byte in UInt8(0xC2)...0xF4 {
            let target =
                switch byte {
                case ..<0xE0: node(level: 1, from: UInt32(byte & 0x1F) << 6, notBelow: 0x80)
                case ..<0xF0: node(level: 2, from: UInt32(byte & 0x0F) << 12, notBelow: 0x800)
                default: node(level: 3, from: UInt32(byte & 0x07) << 18, notBelow: 0x10000)
                }
            Self.append(Branch(low: byte, high: byte, target: target), to: &branches)
        }
        return branches
    }

    private func leaf(_ scalar: UInt32) -> Int32 {
        let symbol = partition.symbol(of: scalar)
        return symbol < 0 ? Self.nowhere : ~symbol
    }

    /// What follows the backslash of a JSON string.
    private mutating func escapes() -> Int32 {
        var letters: [(UInt8, Int32)] = [ScalarEncoding.quote, ScalarEncoding.backslash].map { ($0, leaf(UInt32($0))) }
        letters += ScalarEncoding.shortEscapes.map { ($0.letter, leaf(UInt32($0.scalar))) }
        var rows: [(UInt8, Int32)] = []
        for high in UInt8(0)..<2 {
            let columns = (UInt8(0)..<16).filter { low in
                !ScalarEncoding.shortEscapes.contains { $0.scalar == high << 4 | low }
            }
            rows.append(
                (
                    ScalarEncoding.hexDigits[Int(high)],
                    node(columns.map { (ScalarEncoding.hexDigits[Int($0)], leaf(UInt32(high << 4 | $0))) })
                ))
        }
        letters.append((UInt8(ascii: "u"), node([(0x30, node([(0x30, node(rows))]))])))
        return node(letters)
    }

    private mutating func node(_ targets: [(UInt8, Int32)]) -> Int32 {
        var branches: [Branch] = []
        for (byte, target) in targets.sorted(by: { $0.0 < $1.0 }) {
            Self.append(Branch(low: byte, high: byte, target: target), to: &branches)
        }
        return number(of: branches)
    }

    /// The node of `level` continuation bytes whose first scalar is `start`; scalars below `lowest` have a shorter spelling.
    private mutating func node(level: Int, from start: UInt32, notBelow lowest: UInt32) -> Int32 {
        if level == 0 { return leaf(start) }
        // The shortest spellings' borders lie between nodes of one byte, so that no leaf has to be looked at.
        let last = start + (1 << (6 * UInt32(level)) - 1)
        guard last >= lowest, start <= 0x10FFFF else { return Self.nowhere }
        let interval = partition.interval(of: start)
        let isUniform = start >= lowest && last <= partition.end(of: interval)
        let symbol = Int(partition.symbols[interval])
        if isUniform {
            if symbol < 0 { return Self.nowhere }
            if uniformNodes[level][symbol] >= 0 { return uniformNodes[level][symbol] }
        }
        var branches: [Branch] = []
        for index in UInt8(0)..<64 {
            let first = start + UInt32(index) << (6 * UInt32(level - 1))
            let byte = Self.continuation + index
            Self.append(
                Branch(low: byte, high: byte, target: node(level: level - 1, from: first, notBelow: lowest)),
                to: &branches)
        }
        let number = number(of: branches)
        if isUniform { uniformNodes[level][symbol] = number }
        return number
    }

    private static func append(_ branch: Branch, to branches: inout [Branch]) {
        guard branch.target != nowhere else { return }
        if let last = branches.last, last.target == branch.target, Int(last.high) + 1 == Int(branch.low) {
            branches[branches.count - 1].high = branch.high
        } else {
            branches.append(branch)
        }
    }

    private mutating func number(of branches: [Branch]) -> Int32 {
        if branches.isEmpty { return Self.nowhere }
        return Int32(nodes.number(of: branches.flatMap { [Int32($0.low), Int32($0.high), $0.target] }))
    }

    // MARK: - Spelling an automaton

    /// - Parameter table: its symbols are those of the partition.
    consuming func automaton(of table: StateTable) throws(GrammarError) -> ByteAutomaton {
        guard table.stateCount > 0 else { return .none }
        let classes = byteClasses()
        let tree = (0..<nodes.count).map { branches(of: $0) }
        var spelled = StateTable(symbolCount: classes.count)
        for isAccepting in table.accepting { try spelled.addState(accepting: isAccepting) }
        var inner = SequenceTable<Int32>(expectedCount: tree.count)
        // The state that stands for a node below the present state; nodes have their children in front of them.
        var stateOfNode = [Int32](repeating: ByteAutomaton.dead, count: tree.count)
        for state in 0..<table.stateCount {
            let row = state * table.symbolCount
            for number in tree.indices {
                let key = Self.resolved(tree[number]) { target in
                    target < 0 ? table.transitions[row + Int(~target)] : stateOfNode[Int(target)]
                }
                guard !key.isEmpty else {
                    stateOfNode[number] = ByteAutomaton.dead
                    continue
                }
                let known = inner.count
                stateOfNode[number] = Int32(table.stateCount + inner.number(of: key))
                if inner.count > known {
                    Self.fill(&spelled, Int(try spelled.addState(accepting: false)), key, classes)
                }
            }
            let key = Self.resolved(root) { target in
                target < 0 ? table.transitions[row + Int(~target)] : stateOfNode[Int(target)]
            }
            Self.fill(&spelled, state, key, classes)
            try checkCancellation(step: state)
        }
        return try ByteAutomaton(minimising: spelled, classes: classes).checked()
    }

    private func branches(of node: Int) -> [Branch] {
        let numbers = Array(nodes[node])
        return stride(from: 0, to: numbers.count, by: 3).map {
            Branch(low: UInt8(numbers[$0]), high: UInt8(numbers[$0 + 1]), target: numbers[$0 + 2])
        }
    }

    private func byteClasses() -> ByteClasses {
        var isStart = [Bool](repeating: false, count: 257)
        for branches in [root] + (0..<nodes.count).map({ branches(of: $0) }) {
            for branch in branches {
                isStart[Int(branch.low)] = true
                isStart[Int(branch.high) + 1] = true
            }
        }
        return ByteClasses(starts: isStart)
    }

    /// Branches with states as targets, three numbers each; branches to nowhere are left out, equal neighbours joined.
    private static func resolved(_ branches: [Branch], _ stateOf: (Int32) -> Int32) -> [Int32] {
        var key: [Int32] = []
        for branch in branches {
            let state = stateOf(branch.target)
            guard state >= 0 else { continue }
            if let last = key.last, last == state, key[key.count - 2] + 1 == Int32(branch.low) {
                key[key.count - 2] = Int32(branch.high)
            } else {
                key += [Int32(branch.low), Int32(branch.high), state]
            }
        }
        return key
    }

    private static func fill(_ table: inout StateTable, _ state: Int, _ key: [Int32], _ classes: ByteClasses) {
        for index in stride(from: 0, to: key.count, by: 3) {
            let first = classes.classOfByte[Int(key[index])]
            let last = classes.classOfByte[Int(key[index + 1])]
            for symbol in Int(first)...Int(last) {
                table.transitions[state * table.symbolCount + symbol] = key[index + 2]
            }
        }
    }
}
