/// What an expression of a grammar became so far.
enum GrammarPiece: Sendable {
    /// One text.
    case text([UInt8])
    /// A regular language.
    case automaton(ByteAutomaton)
    /// A regular language that is used in other places too, and what stands for it in a rule. It is joined with its
    /// neighbours only where a whole expression becomes one automaton: so that the masks of a string's states are computed
    /// once, not once for each place that strings stand in.
    case named(ByteAutomaton, Production)
    case production(Production)

    var isNamed: Bool {
        if case .named = self { true } else { false }
    }

    /// - Parameter isNamed: Whether a part of it is.
    init(joined automaton: ByteAutomaton, isNamed: Bool) {
        self = isNamed ? .named(automaton, .lexeme(automaton)) : .automaton(automaton)
    }
}

/// Joins the pieces of an expression, and adds what may stand in front of every lexeme.
struct GrammarPieceJoiner {
    /// What may stand in front of every lexeme.
    private let ignored: IgnoredText?
    private var joiner = AutomatonJoiner()
    /// The automata of texts, with what is ignored in front of them.
    private var texts: [[UInt8]: GrammarPiece] = [:]
    private var literals = LiteralBudget()

    init(ignoring ignored: IgnoredText?) {
        self.ignored = ignored
    }

    /// A lexeme and what may stand in front of it.
    ///
    /// In front of the empty text there is nothing: what is ignored then stands in front of the next lexeme, at which it
    /// has to end.
    func lexeme(_ automaton: ByteAutomaton) throws(GrammarError) -> GrammarPiece {
        guard let ignored else { return .automaton(automaton) }
        guard automaton.acceptsEmpty else { return .automaton(try ignored.before(automaton)) }
        return .automaton(try .union([.empty, ignored.before(automaton.subtracting(.empty))]))
    }

    mutating func production(of piece: GrammarPiece) throws(GrammarError) -> Production {
        switch try settled(piece) {
        case .text: .empty
        case .automaton(let automaton): .lexeme(automaton)
        case .named(_, let production), .production(let production): production
        }
    }

    /// The piece with its text, if it is one that is not empty, made a lexeme.
    mutating func settled(_ piece: GrammarPiece) throws(GrammarError) -> GrammarPiece {
        guard case .text(let bytes) = piece, !bytes.isEmpty else { return piece }
        if let known = texts[bytes] { return known }
        try literals.charge(bytes)
        let settled = try lexeme(.text(bytes))
        texts[bytes] = settled
        return settled
    }

    /// The automaton of a piece that is regular.
    private mutating func regular(_ piece: GrammarPiece) throws(GrammarError) -> ByteAutomaton? {
        switch try settled(piece) {
        case .text: .empty
        case .automaton(let automaton), .named(let automaton, _): automaton
        case .production: nil
        }
    }

    // MARK: - Sequences

    mutating func sequence(_ parts: [GrammarPiece]) throws(GrammarError) -> GrammarPiece {
        let parts = mergingTexts(parts)
        if parts.count == 1 { return parts[0] }
        if let whole = try regular(parts) {
            if let joined = try joiner.sequence(whole) {
                return GrammarPiece(joined: joined, isNamed: parts.contains(where: \.isNamed))
            }
        }
        var productions: [Production] = []
        var run: [ByteAutomaton] = []
        for part in parts {
            if !part.isNamed, let automaton = try regular(part) {
                run.append(automaton)
            } else {
                try close(&run, into: &productions)
                productions.append(try production(of: part))
            }
        }
        try close(&run, into: &productions)
        return .production(.sequence(productions))
    }

    /// Neighbouring texts become one, where nothing may stand between them; empty ones vanish.
    ///
    /// Up to a size: names for texts of names could double it again and again.
    private func mergingTexts(_ parts: [GrammarPiece]) -> [GrammarPiece] {
        var merged: [GrammarPiece] = []
        var text: [UInt8] = []
        for part in parts {
            if case .text(let bytes) = part, ignored == nil, text.count + bytes.count < GrammarLimits.joinedStates {
                text += bytes
                continue
            }
            if !text.isEmpty { merged.append(.text(text)) }
            text = []
            if case .text(let bytes) = part, bytes.isEmpty { continue }
            merged.append(part)
        }
        if !text.isEmpty || merged.isEmpty { merged.append(.text(text)) }
        return merged
    }

    private mutating func close(_ run: inout [ByteAutomaton], into productions: inout [Production]) throws(GrammarError)
    {
        if run.count > 1, let joined = try joiner.sequence(run) {
            productions.append(.lexeme(joined))
        } else {
            productions += run.map { .lexeme($0) }
        }
        run = []
    }

    /// The automata of all parts, or nil if one is not regular.
    private mutating func regular(_ parts: [GrammarPiece]) throws(GrammarError) -> [ByteAutomaton]? {
        var automata: [ByteAutomaton] = []
        for part in parts {
            guard let automaton = try regular(part) else { return nil }
            automata.append(automaton)
        }
        return automata
    }

    // MARK: - Choices

    mutating func choice(_ parts: [GrammarPiece]) throws(GrammarError) -> GrammarPiece {
        var texts: [[UInt8]] = []
        var others: [GrammarPiece] = []
        var canBeEmpty = false
        for part in parts {
            guard case .text(let bytes) = part else {
                others.append(part)
                continue
            }
            if bytes.isEmpty { canBeEmpty = true } else { texts.append(bytes) }
        }
        // Texts first become one automaton: in front of all of them stands the same.
        others += try ByteAutomaton.choices(of: texts, &literals).map { (texts) throws(GrammarError) in
            try lexeme(texts)
        }
        if canBeEmpty { others.append(.text([])) }
        if others.count == 1 { return others[0] }
        if let whole = try regular(others), let joined = try joiner.choice(whole) {
            return GrammarPiece(joined: joined, isNamed: others.contains(where: \.isNamed))
        }
        var productions: [Production] = []
        var anonymous: [ByteAutomaton] = []
        for part in others {
            if !part.isNamed, let automaton = try regular(part) {
                anonymous.append(automaton)
            } else {
                productions.append(try production(of: part))
            }
        }
        if anonymous.count > 1, let joined = try joiner.choice(anonymous) { anonymous = [joined] }
        return .production(.choice(productions + anonymous.map { .lexeme($0) }))
    }

    // MARK: - Repetitions

    /// The repetition as one automaton, or nil.
    mutating func repetition(_ part: GrammarPiece, _ min: Int, _ max: Int?) throws(GrammarError) -> GrammarPiece? {
        if case .text(let bytes) = part, bytes.isEmpty { return part }
        if max == 0 { return .text([]) }
        guard let automaton = try regular(part), let joined = try joiner.repetition(automaton, min: min, max: max)
        else {
            return nil
        }
        return GrammarPiece(joined: joined, isNamed: part.isNamed)
    }

    /// The automaton of a piece of which a ``Production/counted(_:min:max:)`` can be made: no text of it is the beginning
    /// of another.
    mutating func counted(_ part: GrammarPiece) throws(GrammarError) -> ByteAutomaton? {
        guard let automaton = try regular(part), !automaton.acceptsEmpty, automaton.followingBytes.isEmpty else {
            return nil
        }
        return automaton
    }
}
