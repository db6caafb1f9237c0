import PinionPattern

/// What must follow a place in a text, as far as one character tells.
struct PatternCondition: OptionSet, Hashable {
    let rawValue: UInt8

    /// The text ends.
    static let end = PatternCondition(rawValue: 1)
    static let notEnd = PatternCondition(rawValue: 1 << 1)
    /// A word character.
    static let word = PatternCondition(rawValue: 1 << 2)
    /// No word character: another one, or the end.
    static let notWord = PatternCondition(rawValue: 1 << 3)
    /// A line terminator or the end.
    static let lineEnd = PatternCondition(rawValue: 1 << 4)
    static let notLineEnd = PatternCondition(rawValue: 1 << 5)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// What an assertion demands of the character behind a place; nil if it cannot hold there.
    ///
    /// - Parameter previous: the character in front of the place; nothing at the start of the text.
    init?(_ assertion: PatternAssertion, after previous: PatternSymbol, isStart: Bool) {
        switch assertion {
        case .textStart, .lineStart:
            guard isStart || assertion == .lineStart && previous.endsLine else { return nil }
            self = []
        case .textEnd: self = .end
        case .lineEnd: self = .lineEnd
        case .wordBoundary: self = previous.isWord ? .notWord : .word
        case .notWordBoundary: self = previous.isWord ? .word : .notWord
        }
    }

    private static let opposites: [(PatternCondition, PatternCondition)] = [
        (.end, .notEnd), (.word, .notWord), (.lineEnd, .notLineEnd),
    ]

    /// Whether nothing can follow.
    var isContradiction: Bool { Self.opposites.contains { contains($0) && contains($1) } }

    var allowsEnd: Bool { isDisjoint(with: [.notEnd, .word, .notLineEnd]) }

    func allows(_ symbol: PatternSymbol) -> Bool {
        if isEmpty { return true }
        if contains(.end) { return false }
        if contains(symbol.isWord ? .notWord : .word) { return false }
        return !contains(symbol.endsLine ? .notLineEnd : .lineEnd)
    }

    /// The single conditions, any of which is enough to break this one.
    var negations: [PatternCondition] {
        Self.opposites.flatMap { pair in
            (contains(pair.0) ? [pair.1] : []) + (contains(pair.1) ? [pair.0] : [])
        }
    }
}

/// What a class of scalars means to the assertions of a pattern.
struct PatternSymbol {
    var isWord = false
    var endsLine = false
}
