/// Turns a ``PatternNode`` into a ``PatternProgram``.
///
/// Counted repetitions of single sets stay one instruction; others are written out, which
/// ``PatternLimits/expandedSize`` keeps small. A greedy run is made possessive where giving characters back could never
/// help: before something its set cannot match, and at the end.
struct PatternCompiler {
    /// What comes after a node, as far as it helps.
    private enum Follow {
        /// Nothing that could fail.
        case success
        /// Something that must begin with one of these scalars.
        case set(ScalarSet)
        case unknown
    }

    /// Alternations beyond this number are compiled without a byte table (2 KB each).
    private static let maximumDispatches = 256

    private var instructions: [PatternProgram.Instruction] = []
    private var dispatches: [PatternProgram.Dispatch] = []
    private var sets: [ScalarSet] = []
    private var setNumbers: [ScalarSet: Int32] = [:]
    private var slotCount: Int32 = 0

    /// - Parameter dialect: what its `\b` takes for word characters and its `(?m:$)` for the end of a line.
    static func compile(_ node: PatternNode, dialect: PatternDialect) -> PatternProgram {
        var compiler = PatternCompiler()
        // The assertions \b and \B look at set 0, those of lines at set 1.
        _ = compiler.number(of: dialect.word)
        _ = compiler.number(of: dialect.lineTerminators)
        compiler.emit(node, follow: .success)
        compiler.instructions.append(.accept)
        var firstBytes: [Bool]?
        if !node.isNullable {
            var bytes = [Bool](repeating: false, count: 256)
            node.markLeadBytes(in: &bytes)
            firstBytes = bytes
        }
        return PatternProgram(
            instructions: compiler.instructions, dispatches: compiler.dispatches, sets: compiler.sets,
            slotCount: Int(compiler.slotCount), firstBytes: firstBytes)
    }

    private var here: Int32 { Int32(instructions.count) }

    private mutating func number(of set: ScalarSet) -> Int32 {
        if let known = setNumbers[set] { return known }
        let number = Int32(sets.count)
        sets.append(set)
        setNumbers[set] = number
        return number
    }

    private mutating func emit(_ node: PatternNode, follow: Follow) {
        switch node {
        case .empty: break
        case .set(let set):
            if set.ranges.count == 1, let range = set.ranges.first, range.count == 1, range.lowerBound < 0x80 {
                instructions.append(.byte(UInt8(range.lowerBound)))
            } else {
                instructions.append(.set(number(of: set)))
            }
        case .sequence(let children):
            for (index, child) in children.enumerated() {
                emit(child, follow: index + 1 < children.count ? Self.follow(of: children[index + 1]) : follow)
            }
        case .alternation(let branches): emitAlternation(branches, follow: follow)
        case .repetition(.set(let set), let count): emitRun(set, count, follow: follow)
        case .repetition(let child, let count):
            if count.mode == .possessive {
                var greedy = count
                greedy.mode = .greedy
                emitGroup(.atomic, .repetition(child, greedy))
            } else {
                emitRepetition(child, count)
            }
        case .lookahead(let child, let isNegative):
            emitGroup(.lookahead(isNegative: isNegative, target: 0), child)
        case .lookbehind: preconditionFailure("look-behind is refused before a pattern is compiled")
        case .atomic(let child): emitGroup(.atomic, child)
        case .assertion(let assertion): instructions.append(.assertion(assertion))
        }
    }

    private static func follow(of node: PatternNode) -> Follow {
        node.leadingSet.map(Follow.set) ?? .unknown
    }

    private mutating func emitGroup(_ opening: PatternProgram.Instruction, _ body: PatternNode) {
        let start = instructions.count
        instructions.append(opening)
        emit(body, follow: .success)
        instructions.append(.endOfGroup)
        if case .lookahead(let isNegative, _) = opening {
            instructions[start] = .lookahead(isNegative: isNegative, target: here)
        }
    }

    private mutating func emitRun(_ set: ScalarSet, _ count: PatternRepetition, follow: Follow) {
        var mode = count.mode
        if mode == .greedy {
            switch follow {
            case .success: mode = .possessive
            case .set(let next) where next.isDisjoint(with: set): mode = .possessive
            default: break
            }
        }
        instructions.append(
            .run(
                set: number(of: set), minimum: Int32(count.minimum), maximum: count.maximum.map { Int32($0) } ?? -1,
                mode: mode))
    }

    // MARK: - Alternation

    private mutating func emitAlternation(_ branches: [PatternNode], follow: Follow) {
        var exits: [Int] = []
        if branches.count <= PatternProgram.Dispatch.maximumBranches, dispatches.count < Self.maximumDispatches {
            let table = dispatches.count
            dispatches.append(Self.dispatch(over: branches))
            instructions.append(.dispatch(Int32(table)))
            for branch in branches {
                dispatches[table].targets.append(here)
                emit(branch, follow: follow)
                exits.append(instructions.count)
                instructions.append(.jump(0))
            }
        } else {
            for (index, branch) in branches.enumerated() {
                let choice = instructions.count
                if index + 1 < branches.count { instructions.append(.split(here + 1, 0)) }
                emit(branch, follow: follow)
                exits.append(instructions.count)
                instructions.append(.jump(0))
                if index + 1 < branches.count { instructions[choice] = .split(Int32(choice) + 1, here) }
            }
        }
        for exit in exits { instructions[exit] = .jump(here) }
    }

    private static func dispatch(over branches: [PatternNode]) -> PatternProgram.Dispatch {
        var table = PatternProgram.Dispatch()
        for (index, branch) in branches.enumerated() {
            let bit = UInt64(1) << UInt64(index)
            let canBeEmpty = branch.isNullable
            var bytes = [Bool](repeating: false, count: 256)
            branch.markLeadBytes(in: &bytes)
            for byte in 0...256 where canBeEmpty || (byte < 256 && bytes[byte]) { table.masks[byte] |= bit }
        }
        return table
    }

    // MARK: - Repetition

    private mutating func emitRepetition(_ child: PatternNode, _ count: PatternRepetition) {
        let isLazy = count.mode == .lazy
        func choice(enter: Int32, leave: Int32) -> PatternProgram.Instruction {
            isLazy ? .split(leave, enter) : .split(enter, leave)
        }
        guard let maximum = count.maximum else {
            for _ in 0..<max(0, count.minimum - 1) { emit(child, follow: .unknown) }
            emitLoop(child, entersAlways: count.minimum > 0, choice)
            return
        }
        for _ in 0..<count.minimum { emit(child, follow: .unknown) }
        var choices: [Int] = []
        for _ in count.minimum..<max(count.minimum, maximum) {
            choices.append(instructions.count)
            instructions.append(.jump(0))
            emit(child, follow: .unknown)
        }
        for index in choices { instructions[index] = choice(enter: Int32(index) + 1, leave: here) }
    }

    private mutating func emitLoop(
        _ child: PatternNode, entersAlways: Bool,
        _ choice: (_ enter: Int32, _ leave: Int32) -> PatternProgram.Instruction
    ) {
        let needsMark = child.isNullable
        let slot = slotCount
        if needsMark { slotCount += 1 }
        let head = instructions.count
        if !entersAlways { instructions.append(.jump(0)) }
        let body = here
        if needsMark { instructions.append(.mark(slot: slot)) }
        emit(child, follow: .unknown)
        let check = instructions.count
        if needsMark { instructions.append(.leaveIfEmpty(slot: slot, target: 0)) }
        if entersAlways {
            instructions.append(choice(body, here + 1))
        } else {
            instructions.append(.jump(Int32(head)))
            instructions[head] = choice(body, here)
        }
        if needsMark { instructions[check] = .leaveIfEmpty(slot: slot, target: here) }
    }
}
