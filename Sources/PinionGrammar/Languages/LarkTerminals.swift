import PinionJSON
import PinionPattern

/// Writes out the terminals of a grammar: each as one regular expression, with the terminals that it uses in its place.
///
/// One expression, not an automaton of automata: look-behind at the beginning of a part sees the parts before it, as in
/// Lark, which joins the texts of the expressions.
struct LarkTerminals {
    /// An expression, and what bounds the cost of its copies.
    private struct Part {
        var node: PatternNode
        /// In nodes, with repetitions written out; saturating.
        var size: Int
        /// In nodes.
        var depth: Int
    }

    private let tree: GrammarTree
    /// `[names]`
    private let isTerminal: [Bool]

    init(_ tree: GrammarTree) {
        self.tree = tree
        isTerminal = tree.names.map { LarkParser.isTerminal($0.text) || $0.text.utf8.first == UInt8(ascii: "%") }
    }

    /// The automata of all terminals, the ignored ones included, by name.
    func automata() throws(GrammarError) -> [Int: ByteAutomaton] {
        var parts: [Int: Part] = [:]
        var automata: [Int: ByteAutomaton] = [:]
        var work = 0
        var literals = LiteralBudget()
        let timer = CompilationTimer()
        for name in try namesInOrder() {
            guard let definition = tree.names[name].definition else { continue }
            let part = try part(of: definition, parts)
            parts[name] = part
            work += part.size
            guard work <= GrammarLimits.terminalNodes else {
                throw failure(
                    .limit,
                    "terminals are too large with those they use written out; at most "
                        + "\(GrammarLimits.terminalNodes) elements are allowed", name)
            }
            try timer.check()
            let automaton: ByteAutomaton
            if case .text(let bytes) = tree.expressions[definition.root] {
                try literals.charge(bytes)
                automaton = .text(bytes)
            } else {
                automaton = try tree.automaton(of: part.node, at: definition.place)
            }
            guard !automaton.isEmpty else { throw failure(.unsatisfiable, "'\(quoted(name))' derives no text", name) }
            automata[name] = automaton
        }
        return automata
    }

    // MARK: - Order

    /// Each terminal behind the terminals that it uses.
    private func namesInOrder() throws(GrammarError) -> [Int] {
        var waiting = [Int](repeating: 0, count: tree.names.count)
        var usedBy = [[Int]](repeating: [], count: tree.names.count)
        let terminals = tree.names.indices.filter { isTerminal[$0] }
        for name in terminals {
            guard let definition = tree.names[name].definition else { continue }
            for index in definition.expressions {
                guard case .name(let used) = tree.expressions[index] else { continue }
                guard isTerminal[used] else {
                    throw tree.text.failure(
                        "a terminal cannot use the rule '\(quoted(used))'", at: tree.places[index])
                }
                waiting[name] += 1
                usedBy[used].append(name)
            }
        }
        var order = terminals.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for name in usedBy[order[next]] {
                waiting[name] -= 1
                if waiting[name] == 0 { order.append(name) }
            }
            next += 1
        }
        if var name = terminals.first(where: { waiting[$0] > 0 }) {
            // A terminal of the ring, not one that only uses it.
            var seen: Set<Int> = []
            while seen.insert(name).inserted, let definition = tree.names[name].definition,
                let used = tree.mentions(of: definition).first(where: { waiting[$0] > 0 })
            {
                name = used
            }
            throw failure(.invalid, "the terminal '\(quoted(name))' uses itself; only rules can be recursive", name)
        }
        return order
    }

    // MARK: - Writing out

    private func part(
        of definition: GrammarTree.Definition, _ known: [Int: Part]
    ) throws(GrammarError) -> Part {
        let first = definition.expressions.lowerBound
        var parts: [Part] = []
        for index in definition.expressions {
            try checkCancellation(step: index)
            let part: Part
            switch tree.expressions[index] {
            case .text(let bytes): part = Self.text(bytes)
            case .pattern(let node): part = Part(node: node, size: node.expandedSize, depth: node.depth)
            case .name(let name):
                guard let terminal = known[name] else {
                    preconditionFailure("a terminal stands in front of those it uses")
                }
                part = terminal
            case .sequence(let items):
                let items = items.map { parts[$0 - first] }
                part = Self.enclosing(items, in: .sequence(items.map(\.node)))
            case .choice(let items):
                let items = items.map { parts[$0 - first] }
                part = Self.enclosing(items, in: .alternation(items.map(\.node)))
            case .repetition(let item, let min, let max):
                part = try repetition(parts[item - first], min, max, at: tree.places[index])
            }
            guard part.size <= PatternLimits.expandedSize else {
                throw tree.text.failure(
                    .limit,
                    "a terminal is too large with its repetitions and those it uses written out; at most "
                        + "\(PatternLimits.expandedSize) elements are allowed", at: tree.places[index])
            }
            guard part.depth <= GrammarLimits.terminalNesting else {
                throw tree.text.failure(
                    .limit, "terminals are nested deeper than \(GrammarLimits.terminalNesting)", at: tree.places[index])
            }
            parts.append(part)
        }
        return parts[definition.root - first]
    }

    private static func text(_ bytes: [UInt8]) -> Part {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        guard !scalars.isEmpty else { return Part(node: .empty, size: 1, depth: 1) }
        let sets = scalars.map { PatternNode.set(ScalarSet($0.value)) }
        return Part(node: sets.count == 1 ? sets[0] : .sequence(sets), size: sets.count + 1, depth: 2)
    }

    private static func enclosing(_ items: [Part], in node: PatternNode) -> Part {
        var size = 1
        for item in items { size += min(item.size, PatternLimits.expandedSize + 1) }
        return Part(node: node, size: size, depth: 1 + (items.map(\.depth).max() ?? 0))
    }

    private func repetition(_ item: Part, _ min: Int, _ max: Int?, at place: Int) throws(GrammarError) -> Part {
        let copies = Swift.max(max ?? min, 1)
        guard copies <= PatternLimits.repeatCount else {
            throw tree.text.failure(.limit, "a repetition has a count above \(PatternLimits.repeatCount)", at: place)
        }
        if max == 0 || item.node == .empty { return Part(node: .empty, size: 1, depth: 1) }
        let node = PatternNode.repetition(item.node, PatternRepetition(minimum: min, maximum: max))
        return Part(node: node, size: 1 + item.size * copies, depth: item.depth + 1)
    }

    // MARK: - Errors

    private func quoted(_ name: Int) -> String { JSONValue.quoted(tree.names[name].text) }

    private func failure(_ code: GrammarError.Code, _ message: String, _ name: Int) -> GrammarError {
        tree.text.failure(code, message, at: tree.names[name].definition?.place ?? tree.names[name].place)
    }
}

extension PatternNode {
    /// The longest way from the node to a leaf, in nodes.
    fileprivate var depth: Int {
        switch self {
        case .empty, .set, .assertion: 1
        case .sequence(let children), .alternation(let children): 1 + (children.map(\.depth).max() ?? 0)
        case .repetition(let child, _), .lookahead(let child, _), .lookbehind(let child, _), .atomic(let child):
            1 + child.depth
        }
    }
}
