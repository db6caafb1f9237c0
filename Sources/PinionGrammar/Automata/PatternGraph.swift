import PinionPattern

/// A pattern as a nondeterministic automaton over sets of scalars, with its assertions as conditions on the way.
///
/// Each look-around is a machine of its own with its own start; machines stand in ``machines`` behind those that they look
/// around with, and the pattern itself is the last.
struct PatternGraph {
    enum Node {
        /// One scalar of a set, then the next node.
        case set(Int32, next: Int32)
        case fork(Int32, Int32)
        case assertion(PatternAssertion, next: Int32)
        case look(Look, next: Int32)
        /// What comes now is free: the machine has matched whatever follows, unless conditions are open.
        case free
        /// The machine has matched what ended here.
        case accept
    }

    /// A look-around: which machine it asks, and what the answer has to be.
    struct Look: Hashable {
        var machine: Int32
        var isBehind: Bool
        var isNegative: Bool
    }

    struct Machine {
        var start: Int32
        /// A machine that looks behind is fed from the beginning of the text and accepts where its match ends.
        var isBehind: Bool
    }

    private(set) var nodes: [Node] = []
    private(set) var machines: [Machine] = []
    private(set) var sets: [ScalarSet] = []
    private(set) var usesWord = false
    private(set) var usesLines = false
    private var numberOfSet: [ScalarSet: Int32] = [:]

    /// - Parameter isAnchored: whether the whole text has to match, else a part of it.
    /// Throws `unsupported` for atomic groups and possessive repetitions, `limit` for a pattern with too many elements.
    init(_ node: PatternNode, isAnchored: Bool) throws(GrammarError) {
        // The end of the pattern comes first: a node is made after the node that follows it.
        let end = try add(isAnchored ? .accept : .free)
        let body = try build(node, next: end)
        machines.append(Machine(start: isAnchored ? body : try addSearch(body), isBehind: false))
    }

    private mutating func add(_ node: Node) throws(GrammarError) -> Int32 {
        guard nodes.count < GrammarLimits.constructionStates else { throw StateTable.tooLarge }
        nodes.append(node)
        return Int32(nodes.count - 1)
    }

    private mutating func number(of set: ScalarSet) -> Int32 {
        if let known = numberOfSet[set] { return known }
        sets.append(set)
        numberOfSet[set] = Int32(sets.count - 1)
        return Int32(sets.count - 1)
    }

    /// Any text, then the body.
    private mutating func addSearch(_ body: Int32) throws(GrammarError) -> Int32 {
        let fork = try add(.fork(body, 0))
        nodes[Int(fork)] = .fork(body, try add(.set(number(of: .all), next: fork)))
        return fork
    }

    /// The entry of a node that `next` follows. The parser bounds the depth of the tree; see `PatternLimits.nesting`.
    private mutating func build(_ node: PatternNode, next: Int32) throws(GrammarError) -> Int32 {
        switch node {
        case .empty: return next
        case .set(let set): return try add(.set(number(of: set), next: next))
        case .sequence(let children):
            var entry = next
            for child in children.reversed() { entry = try build(child, next: entry) }
            return entry
        case .alternation(let branches):
            var entry: Int32?
            for branch in Self.joiningSets(of: branches) {
                let start = try build(branch, next: next)
                entry = if let entry { try add(.fork(start, entry)) } else { start }
            }
            return entry ?? next
        case .repetition(let child, let count):
            guard count.mode != .possessive else { throw Self.unsupported("a possessive repetition") }
            return try buildRepetition(of: child, count, next: next)
        case .assertion(let assertion):
            switch assertion {
            case .wordBoundary, .notWordBoundary: usesWord = true
            case .lineStart, .lineEnd: usesLines = true
            case .textStart, .textEnd: break
            }
            return try add(.assertion(assertion, next: next))
        case .lookahead(let child, let isNegative):
            let start = try build(child, next: try add(.free))
            return try addLook(Machine(start: start, isBehind: false), isNegative: isNegative, next: next)
        case .lookbehind(let child, let isNegative):
            let start = try addSearch(try build(child, next: try add(.accept)))
            return try addLook(Machine(start: start, isBehind: true), isNegative: isNegative, next: next)
        case .atomic: throw Self.unsupported("an atomic group")
        }
    }

    /// The branches with all single characters among them in one set; their order makes no difference to a language.
    private static func joiningSets(of branches: [PatternNode]) -> [PatternNode] {
        var ranges: [ClosedRange<UInt32>] = []
        var others: [PatternNode] = []
        for branch in branches {
            if case .set(let set) = branch { ranges += set.ranges } else { others.append(branch) }
        }
        return others.count == branches.count ? branches : others + [.set(ScalarSet(ranges))]
    }

    private mutating func addLook(
        _ machine: Machine, isNegative: Bool, next: Int32
    ) throws(GrammarError) -> Int32 {
        machines.append(machine)
        let look = Look(machine: Int32(machines.count - 1), isBehind: machine.isBehind, isNegative: isNegative)
        return try add(.look(look, next: next))
    }

    private mutating func buildRepetition(
        of child: PatternNode, _ count: PatternRepetition, next: Int32
    ) throws(GrammarError) -> Int32 {
        var entry = next
        if let maximum = count.maximum {
            for _ in count.minimum..<max(count.minimum, maximum) {
                entry = try add(.fork(try build(child, next: entry), next))
            }
        } else {
            entry = try add(.fork(next, next))
            nodes[Int(entry)] = .fork(try build(child, next: entry), next)
        }
        for _ in 0..<count.minimum { entry = try build(child, next: entry) }
        return entry
    }

    private static func unsupported(_ what: String) -> GrammarError {
        GrammarError(
            .unsupported,
            "\(what) is not supported: whether it matches depends on the order in which a matcher tries things")
    }
}
