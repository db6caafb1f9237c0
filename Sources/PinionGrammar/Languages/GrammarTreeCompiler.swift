import PinionPattern

/// Makes a ``Grammar`` of the definitions of a ``GrammarTree``.
///
/// An expression that is regular becomes one automaton where that stays small (``AutomatonJoiner``), also through the
/// names that it mentions as long as they are not recursive. Everything else becomes a rule.
struct GrammarTreeCompiler {
    private let tree: GrammarTree
    /// `[expressions]`: the automata of literals and regular expressions.
    private let leaves: [ByteAutomaton?]
    /// `[names]`: what each became, nil where that is still to come.
    private var meanings: [GrammarPiece?]
    /// `[names]`: the rules of names that are recursive or lead to such ones.
    private var rules: [Int?]
    private var joiner: GrammarPieceJoiner
    private var builder = GrammarBuilder()
    private let timer = CompilationTimer()

    /// - Parameters:
    ///   - start: The name that the whole text derives from.
    ///   - terminals: Names that are one lexeme each.
    ///   - ignored: What may stand in front of every lexeme and at the end of the text.
    /// - Precondition: All names are defined.
    static func compile(
        _ tree: GrammarTree, start: Int, terminals: [Int: ByteAutomaton] = [:], ignoring ignored: IgnoredText? = nil
    ) throws(GrammarError) -> Grammar {
        var compiler = try GrammarTreeCompiler(tree, terminals, ignored)
        try compiler.defineRules()
        return try compiler.finish(start: start, ignoring: ignored)
    }

    private init(
        _ tree: GrammarTree, _ terminals: [Int: ByteAutomaton], _ ignored: IgnoredText?
    ) throws(GrammarError) {
        self.tree = tree
        joiner = GrammarPieceJoiner(ignoring: ignored)
        meanings = Array(repeating: nil, count: tree.names.count)
        rules = Array(repeating: nil, count: tree.names.count)
        leaves = try Self.leaves(of: tree, except: Set(terminals.keys))
        let leaves = leaves
        try tree.checkDerivations { leaves[$0]?.isEmpty ?? false }
        for name in tree.names.indices {
            guard let automaton = terminals[name] else { continue }
            try timer.check()
            meanings[name] = try named(joiner.lexeme(automaton), name)
        }
    }

    // MARK: - Leaves

    private static func leaves(
        of tree: GrammarTree, except terminals: Set<Int>
    ) throws(GrammarError) -> [ByteAutomaton?] {
        var leaves = [ByteAutomaton?](repeating: nil, count: tree.expressions.count)
        var classes: [ScalarSet: ByteAutomaton] = [:]
        let timer = CompilationTimer()
        for (name, definition) in tree.names.map(\.definition).enumerated() where !terminals.contains(name) {
            for index in definition?.expressions ?? 0..<0 {
                guard case .pattern(let node) = tree.expressions[index] else { continue }
                try checkCancellation(step: index)
                try timer.check()
                guard case .set(let set) = node else {
                    leaves[index] = try tree.automaton(of: node, at: tree.places[index])
                    continue
                }
                if classes[set] == nil { classes[set] = try tree.automaton(of: node, at: tree.places[index]) }
                leaves[index] = classes[set]
            }
        }
        return leaves
    }

    // MARK: - Rules

    private mutating func defineRules() throws(GrammarError) {
        for name in namesInOrder() {
            let piece = try piece(of: name)
            if let rule = rules[name] {
                try builder.define(rule, joiner.production(of: piece))
            } else {
                meanings[name] = try named(piece, name)
            }
        }
    }

    /// What stands for a name where it is mentioned: a rule, unless it is small.
    private mutating func named(_ piece: GrammarPiece, _ name: Int) throws(GrammarError) -> GrammarPiece {
        switch piece {
        case .text(let bytes):
            return bytes.count < GrammarLimits.inlinedStates ? piece : try named(joiner.settled(piece), name)
        case .automaton(let automaton), .named(let automaton, _):
            let production = Production.lexeme(automaton)
            guard automaton.stateCount > GrammarLimits.inlinedStates else { return .named(automaton, production) }
            return .named(automaton, .rule(try builder.rule(tree.names[name].text, production)))
        case .production(let production):
            if production.isSingleEdge { return piece }
            return .production(.rule(try builder.rule(tree.names[name].text, production)))
        }
    }

    /// The names that are no terminals, each behind the names that it mentions; those that cannot be put so come last and
    /// are declared as rules.
    private mutating func namesInOrder() -> [Int] {
        var waiting = [Int](repeating: 0, count: tree.names.count)
        var mentionedBy = [[Int]](repeating: [], count: tree.names.count)
        let undefined = tree.names.indices.filter { meanings[$0] == nil }
        for name in undefined {
            for mention in tree.names[name].definition.map(tree.mentions(of:)) ?? [] where meanings[mention] == nil {
                waiting[name] += 1
                mentionedBy[mention].append(name)
            }
        }
        var order = undefined.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for name in mentionedBy[order[next]] {
                waiting[name] -= 1
                if waiting[name] == 0 { order.append(name) }
            }
            next += 1
        }
        let recursive = undefined.filter { waiting[$0] > 0 }
        for name in recursive {
            let rule = builder.declare(tree.names[name].text)
            rules[name] = rule
            meanings[name] = .production(.rule(rule))
        }
        return order + recursive
    }

    private mutating func piece(of name: Int) throws(GrammarError) -> GrammarPiece {
        guard let definition = tree.names[name].definition else { preconditionFailure("a name without definition") }
        let first = definition.expressions.lowerBound
        var pieces: [GrammarPiece] = []
        pieces.reserveCapacity(definition.expressions.count)
        for index in definition.expressions {
            try checkCancellation(step: index)
            try timer.check()
            switch tree.expressions[index] {
            case .text(let bytes): pieces.append(.text(bytes))
            case .pattern: pieces.append(try joiner.lexeme(leaf(index)))
            case .name(let name): pieces.append(meaning(of: name))
            case .sequence(let parts): pieces.append(try joiner.sequence(parts.map { pieces[$0 - first] }))
            case .choice(let parts): pieces.append(try joiner.choice(parts.map { pieces[$0 - first] }))
            case .repetition(let part, let min, let max):
                pieces.append(
                    try repetition(pieces[part - first], min, max, at: tree.places[index], in: tree.names[name].text))
            }
        }
        return pieces[definition.root - first]
    }

    private func leaf(_ expression: Int) -> ByteAutomaton {
        guard let leaf = leaves[expression] else { preconditionFailure("an expression without its automaton") }
        return leaf
    }

    private func meaning(of name: Int) -> GrammarPiece {
        guard let meaning = meanings[name] else { preconditionFailure("a name stands in front of those it mentions") }
        return meaning
    }

    private mutating func repetition(
        _ part: GrammarPiece, _ min: Int, _ max: Int?, at place: Int, in name: String
    ) throws(GrammarError) -> GrammarPiece {
        let count = max ?? min
        if let joined = try joiner.repetition(part, min, max) { return joined }
        let counted = try joiner.counted(part)
        let limit = counted == nil ? GrammarLimits.repetitions : GrammarLimits.countedRepetitions
        guard count <= limit else {
            throw tree.text.failure(.limit, "a repetition has a count above \(limit)", at: place)
        }
        if let automaton = counted { return .production(.counted(automaton, min: min, max: max)) }
        var production = try joiner.production(of: part)
        // Each copy of a rule's call is one edge; a sequence within sequences would be copied again and again.
        if count > 1 || (min == 1 && max == nil), !production.isSingleEdge {
            production = .rule(try builder.rule(name, production))
        }
        return .production(.repeated(production, min: min, max: max))
    }

    private mutating func finish(start: Int, ignoring ignored: IgnoredText?) throws(GrammarError) -> Grammar {
        var production = try joiner.production(of: meaning(of: start))
        if let ignored { production = .sequence([production, .lexeme(try ignored.before(.empty))]) }
        if case .rule(let rule) = production { return try builder.finish(start: rule) }
        let rule = try builder.rule(tree.names[start].text, production)
        return try builder.finish(start: rule)
    }
}

extension Production {
    /// Whether a rule has one edge for it, so that copies of it are cheap.
    fileprivate var isSingleEdge: Bool {
        switch self {
        case .empty, .never, .lexeme, .text, .counted, .bounded, .memberName, .rule, .space: true
        case .sequence, .choice, .repeated, .network, .container: false
        }
    }
}
