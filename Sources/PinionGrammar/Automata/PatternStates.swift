import PinionPattern

/// The sets of ways on which the machines of a ``PatternGraph`` can be after a part of a text.
///
/// A way is a node, a condition on the next character, and obligations: other machines that look ahead from an earlier place
/// and have to match, or must not, whatever else happens. So nested look-arounds are exact, at any place and in any
/// repetition. Sets are numbered machine by machine.
struct PatternStates {
    /// The set of a machine that cannot match any more.
    static let failed: Int32 = 0
    /// The set of a machine that has matched whatever follows.
    static let matched: Int32 = 1

    /// What assertions see at a place of a text: the character before it, and the machines that look behind.
    struct Place {
        fileprivate(set) var isStart = false
        fileprivate(set) var previous = PatternSymbol()
        /// The number of ``behindSets``; nil while they are being found.
        fileprivate(set) var behind: Int32?
        /// `[machines]`: the set of each machine that looks behind, -1 for the others.
        fileprivate var behindSets: [Int32] = []
        /// `[machines]`: the set in which each machine that looks ahead starts here, -1 before it is asked for.
        fileprivate var aheadSets: [Int32] = []
    }

    let graph: PatternGraph
    private let symbols: [PatternSymbol]
    /// `[sets][symbols]`: whether a symbol belongs to a set.
    private let holds: [[Bool]]
    private var tables: [SequenceTable<PatternWay>]
    private var obligations = ObligationTable()
    private var behindTable = SequenceTable<Int32>()
    private var knownSteps: [StepKey: Int32] = [:]
    private var knownObligationSteps: [StepKey: Int32?] = [:]
    private let looksBehind: Bool
    private var stamps: [Int32]
    private var stamp: Int32 = 0
    /// The ways that were looked at, weighted by their cost.
    private var work = 0

    private struct StepKey: Hashable {
        var machine: Int32
        var set: Int32
        var symbol: Int32
        var behind: Int32
    }

    init(_ graph: PatternGraph, _ partition: ScalarPartition, symbols: [PatternSymbol]) {
        self.graph = graph
        self.symbols = symbols
        holds = partition.symbolsOfSet.prefix(graph.sets.count).map { members in
            var row = [Bool](repeating: false, count: partition.symbolCount)
            for symbol in members { row[Int(symbol)] = true }
            return row
        }
        var table = SequenceTable<PatternWay>()
        _ = table.number(of: [])
        _ = table.number(of: [PatternWay(node: -1)])
        tables = Array(repeating: table, count: graph.machines.count)
        looksBehind = graph.machines.contains(where: \.isBehind)
        stamps = Array(repeating: 0, count: graph.nodes.count)
    }

    // MARK: - Places

    mutating func startPlace() throws(GrammarError) -> Place {
        var place = emptyPlace()
        place.isStart = true
        for machine in place.behindSets.indices where graph.machines[machine].isBehind {
            place.behindSets[machine] = try close(
                [PatternWay(node: graph.machines[machine].start)], of: machine, at: &place)
        }
        place.behind = behindNumber(of: place)
        return place
    }

    /// The place behind a symbol that follows a place, of which only ``Place/behind`` needs to be known.
    mutating func place(after symbol: Int, behind: Int32) throws(GrammarError) -> Place {
        var place = emptyPlace()
        place.previous = symbols[symbol]
        // A machine depends on machines in front of it only, whose sets stand in the place already.
        let before = place.behindSets.isEmpty ? [] : Array(behindTable[Int(behind)])
        for machine in place.behindSets.indices where graph.machines[machine].isBehind {
            place.behindSets[machine] = try step(machine, before[machine], symbol, to: &place)
        }
        place.behind = behindNumber(of: place)
        return place
    }

    private func emptyPlace() -> Place {
        var place = Place()
        if graph.machines.count > 1 {
            place.aheadSets = Array(repeating: -1, count: graph.machines.count)
            if looksBehind { place.behindSets = place.aheadSets }
        }
        return place
    }

    private mutating func behindNumber(of place: Place) -> Int32 {
        looksBehind ? Int32(behindTable.number(of: place.behindSets)) : 0
    }

    // MARK: - Sets

    /// The set of the pattern itself at the start of a text.
    mutating func start(at place: inout Place) throws(GrammarError) -> Int32 {
        try close([PatternWay(node: graph.machines[pattern].start)], of: pattern, at: &place)
    }

    /// The ways of a set of the pattern itself, for ``step(_:_:to:)``.
    func ways(of set: Int32) -> [PatternWay] { Array(tables[pattern][Int(set)]) }

    /// The set of the pattern itself that ways lead to over a symbol; `place` is the place behind the symbol.
    mutating func step(_ ways: [PatternWay], _ symbol: Int, to place: inout Place) throws(GrammarError) -> Int32 {
        try step(pattern, ways, symbol, to: &place)
    }

    /// Whether the pattern matches if the text ends here.
    func accepts(_ set: Int32) -> Bool { accepts(pattern, set) }

    private var pattern: Int { graph.machines.count - 1 }

    private mutating func step(
        _ machine: Int, _ set: Int32, _ symbol: Int, to place: inout Place
    ) throws(GrammarError) -> Int32 {
        if set == Self.failed || set == Self.matched { return set }
        var key: StepKey?
        if let behind = place.behind {
            let wanted = StepKey(machine: Int32(machine), set: set, symbol: Int32(symbol), behind: behind)
            if let known = knownSteps[wanted] { return known }
            key = wanted
        }
        let result = try step(machine, Array(tables[machine][Int(set)]), symbol, to: &place)
        if let key { knownSteps[key] = result }
        return result
    }

    private mutating func step(
        _ machine: Int, _ ways: [PatternWay], _ symbol: Int, to place: inout Place
    ) throws(GrammarError) -> Int32 {
        work += PatternWay.stepWork + ways.count / PatternWay.passedPerWork
        var seeds: [PatternWay] = []
        seeds.reserveCapacity(2 * ways.count)
        for way in ways where way.condition.allows(symbols[symbol]) {
            let next: Int32
            switch graph.nodes[way.node] {
            case .set(let number, let after) where holds[Int(number)][symbol]: next = after
            // A free end stays free, and waits for its obligations only.
            case .free: next = Int32(way.node)
            default: continue
            }
            guard let kept = try stepObligations(way.obligations, symbol, to: &place) else { continue }
            seeds.append(PatternWay(node: next, obligations: kept))
        }
        return seeds.isEmpty ? Self.failed : try close(seeds, of: machine, at: &place)
    }

    private func accepts(_ machine: Int, _ set: Int32) -> Bool {
        if set == Self.failed || set == Self.matched { return set == Self.matched }
        return tables[machine][Int(set)].contains { way in
            switch graph.nodes[way.node] {
            case .free, .accept: break
            default: return false
            }
            return way.condition.allowsEnd
                && obligations[way.obligations].allSatisfy { accepts($0.machine, $0.set) == $0.isExpected }
        }
    }

    // MARK: - Obligations

    /// What is left of obligations after a symbol; nil if one of them is broken.
    private mutating func stepObligations(
        _ number: Int32, _ symbol: Int, to place: inout Place
    ) throws(GrammarError) -> Int32? {
        if number == ObligationTable.none { return number }
        var key: StepKey?
        if let behind = place.behind {
            let wanted = StepKey(machine: -1, set: number, symbol: Int32(symbol), behind: behind)
            if let known = knownObligationSteps[wanted] { return known }
            key = wanted
        }
        var result: Int32? = ObligationTable.none
        for obligation in obligations[number] {
            work += PatternWay.openWork
            let set = try step(obligation.machine, obligation.set, symbol, to: &place)
            result = try result.flatMap { (kept) throws(GrammarError) -> Int32? in
                try add(obligation.machine, set, isExpected: obligation.isExpected, to: kept)
            }
        }
        if let key { knownObligationSteps[key] = .some(result) }
        return result
    }

    /// Obligations and one more: that a machine in a set matches, or does not; nil if that cannot be.
    private mutating func add(
        _ machine: Int, _ set: Int32, isExpected: Bool, to number: Int32
    ) throws(GrammarError) -> Int32? {
        if set == Self.failed || set == Self.matched { return (set == Self.matched) == isExpected ? number : nil }
        let obligation = ObligationTable.Obligation(machine: machine, set: set, isExpected: isExpected)
        return try obligations.union(number, [obligation])
    }

    // MARK: - Ways without a character

    /// The set of all ways that lead on from the seeds without a character.
    private mutating func close(
        _ seeds: consuming [PatternWay], of machine: Int, at place: inout Place
    ) throws(GrammarError) -> Int32 {
        // Closures of machines ahead begin while this one is under way; they have other nodes.
        stamp += 1
        let mark = stamp
        var open = Set<PatternWay>()
        var pending = seeds
        var ways: [PatternWay] = []
        ways.reserveCapacity(pending.count + 1)
        var isSorted = true
        var next = 0
        // First come, first served, so that the ways come out nearly sorted.
        while next < pending.count {
            let way = pending[next]
            next += 1
            if way.isPlain {
                guard stamps[way.node] != mark else { continue }
                stamps[way.node] = mark
                work += 1
            } else {
                guard !way.condition.isContradiction, stamps[way.node] != mark, open.insert(way).inserted else {
                    continue
                }
                work += PatternWay.openWork
            }
            guard work <= GrammarLimits.constructionWork else { throw StateTable.tooLarge }
            let last = ways.last
            switch graph.nodes[way.node] {
            case .set, .accept: ways.append(way)
            case .free:
                if way.isPlain { return Self.matched }
                ways.append(way)
            case .fork(let first, let second):
                pending.append(way.moved(to: first))
                pending.append(way.moved(to: second))
            case .assertion(let assertion, let next):
                if let condition = PatternCondition(assertion, after: place.previous, isStart: place.isStart) {
                    pending.append(way.moved(to: next, condition))
                }
            case .look(let look, let next):
                for answer in try answers(to: look, at: &place) {
                    guard let joined = try obligations.union(way.obligations, obligations[answer.obligations]) else {
                        continue
                    }
                    var moved = way.moved(to: next, answer.condition)
                    moved.obligations = joined
                    pending.append(moved)
                }
            }
            if let last, ways[ways.count - 1] < last { isSorted = false }
        }
        // A way with conditions adds nothing to one without it.
        if !open.isEmpty { ways.removeAll { !$0.isPlain && stamps[$0.node] == mark } }
        if !isSorted { ways.sort() }
        return Int32(tables[machine].number(of: ways))
    }

    // MARK: - Looking around

    /// Under which conditions a look-around holds; any of them is enough.
    private mutating func answers(
        to look: PatternGraph.Look, at place: inout Place
    ) throws(GrammarError) -> [PatternWay] {
        let machine = Int(look.machine)
        if look.isBehind {
            // The machine's own ways that end here carry the conditions under which they do.
            let ways = tables[machine][Int(place.behindSets[machine])].filter {
                if case .accept = graph.nodes[$0.node] { true } else { false }
            }
            return look.isNegative ? try obligations.negation(of: ways, &work) : ways
        }
        if place.aheadSets[machine] < 0 {
            place.aheadSets[machine] = try close(
                [PatternWay(node: graph.machines[machine].start)], of: machine, at: &place)
        }
        let set = place.aheadSets[machine]
        return try add(machine, set, isExpected: !look.isNegative, to: ObligationTable.none).map {
            [PatternWay(node: 0, obligations: $0)]
        } ?? []
    }
}
