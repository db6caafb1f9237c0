import PinionJSON

/// Strings by length, by automata of their spellings and by listed values.
struct StringShape: SchemaShape, Hashable {
    /// All of them match; indices into ``AutomatonPool``.
    var matched: [Int] = []
    /// None of them matches.
    var unmatched: [Int] = []
    var minimumLength = 0
    var maximumLength: Int?
    /// The only values, in the order written.
    var constants: [ProtocolWord]?
    var excluded: Set<ProtocolWord> = []

    static let any = StringShape()
    static let types = TypeSet.string
    static func memory(of expander: SchemaExpander) -> ExpansionTable<StringShape> { expander.strings }

    var isAny: Bool { !isConstrained && constants == nil }

    /// Whether more is asked of a string than to be one of ``constants``.
    var isConstrained: Bool {
        !matched.isEmpty || !unmatched.isEmpty || minimumLength > 0 || maximumLength != nil || !excluded.isEmpty
    }

    var weight: Int { 1 + ((constants?.count ?? 0) + excluded.count) / 8 }

    func merged(with other: StringShape) -> StringShape? {
        var both = self
        both.matched += other.matched.filter { !matched.contains($0) }
        both.unmatched += other.unmatched.filter { !unmatched.contains($0) }
        both.minimumLength = max(minimumLength, other.minimumLength)
        both.maximumLength = [maximumLength, other.maximumLength].compactMap { $0 }.min()
        if let constants, let others = other.constants {
            let allowed = Set(others)
            both.constants = constants.filter(allowed.contains)
        } else {
            both.constants = constants ?? other.constants
        }
        both.excluded.formUnion(other.excluded)
        if !both.excluded.isEmpty, let constants = both.constants {
            both.constants = constants.filter { !both.excluded.contains($0) }
            both.excluded = []
        }
        if both.constants?.isEmpty ?? false { return nil }
        if let maximum = both.maximumLength, maximum < both.minimumLength { return nil }
        if both.matched.contains(where: both.unmatched.contains) { return nil }
        return both
    }

    /// Puts the lists of values that nothing else is asked of into one.
    static func united(_ shapes: [StringShape]) -> [StringShape] {
        guard shapes.count > 1 else { return shapes }
        var values: [ProtocolWord] = []
        var seen: Set<ProtocolWord> = []
        var result: [StringShape] = []
        for shape in shapes {
            if !shape.isConstrained, let constants = shape.constants {
                for value in constants where seen.insert(value).inserted { values.append(value) }
            } else {
                result.append(shape)
            }
        }
        if !values.isEmpty { result.insert(StringShape(constants: values), at: 0) }
        return result
    }

    static func satisfying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [StringShape] {
        let node = expander.document.nodes[literal.node]
        var shape = StringShape()
        if let assertions = node.string {
            shape.minimumLength = assertions.minimumLength ?? 0
            shape.maximumLength = assertions.maximumLength
            if let maximum = shape.maximumLength, maximum < shape.minimumLength { return [] }
            if let pattern = try expander.pattern(of: node) { shape.matched.append(pattern) }
            if let format = try expander.format(of: node), !shape.matched.contains(format) {
                shape.matched.append(format)
            }
        }
        var shapes = [shape]
        for (_, values) in node.constants {
            let constants = StringShape(constants: words(in: values))
            shapes = constants.constants == [] ? [] : shapes.compactMap { $0.merged(with: constants) }
        }
        return shapes.compactMap { $0.filtered(in: expander) }
    }

    static func denying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [StringShape] {
        let node = expander.document.nodes[literal.node]
        var shapes: [StringShape] = []
        if let assertions = node.string {
            if let minimum = assertions.minimumLength, minimum > 0 {
                shapes.append(StringShape(maximumLength: minimum - 1))
            }
            if let maximum = assertions.maximumLength, maximum < Int.max {
                shapes.append(StringShape(minimumLength: maximum + 1))
            }
            if let pattern = try expander.pattern(of: node) { shapes.append(StringShape(unmatched: [pattern])) }
            if try expander.format(of: node) != nil {
                throw expander.omissions.refuse(node, .format, isNegated: true, formatDenial)
            }
        }
        for (_, values) in node.constants { shapes.append(StringShape(excluded: Set(words(in: values)))) }
        return shapes
    }

    static let formatDenial = "'format' cannot be denied: it is an annotation to some and an assertion to others"

    private static func words(in values: [JSONValue]) -> [ProtocolWord] {
        var words: [ProtocolWord] = []
        var seen: Set<ProtocolWord> = []
        for case .string(let text) in values where seen.insert(ProtocolWord(text)).inserted {
            words.append(ProtocolWord(text))
        }
        return words
    }

    /// The shape with those of its listed values that meet all its other constraints, and without these; nil if none
    /// does.
    func filtered(in expander: SchemaExpander) -> StringShape? {
        guard let constants, isConstrained else { return self }
        var constraints = self
        constraints.constants = nil
        let kept = constants.filter { constraints.allows($0, in: expander) }
        return kept.isEmpty ? nil : StringShape(constants: kept)
    }

    func allows(_ word: ProtocolWord, in expander: SchemaExpander) -> Bool {
        if let constants, !constants.contains(word) { return false }
        let length = word.text.unicodeScalars.count
        guard length >= minimumLength, length <= maximumLength ?? Int.max, !excluded.contains(word) else {
            return false
        }
        guard !matched.isEmpty || !unmatched.isEmpty else { return true }
        let spelling = ByteAutomaton.jsonSpelling(of: word.text)
        return matched.allSatisfy { expander.automata[$0].accepts(spelling) }
            && !unmatched.contains { expander.automata[$0].accepts(spelling) }
    }

    static func areApart(_ branches: [[StringShape]], in expander: SchemaExpander) throws(GrammarError) -> Bool {
        var seen: Set<ProtocolWord> = []
        for branch in branches {
            var own: Set<ProtocolWord> = []
            for shape in branch {
                guard let constants = shape.constants else { return false }
                own.formUnion(constants)
            }
            for word in own where !seen.insert(word).inserted { return false }
        }
        return true
    }

    func isProvablyEmpty(depth: Int, in expander: SchemaExpander) throws(GrammarError) -> Bool {
        guard let shape = filtered(in: expander) else { return true }
        guard shape.matched.count + shape.unmatched.count > 1 else { return false }
        return try expander.isKnownEmpty(shape)
    }
}
