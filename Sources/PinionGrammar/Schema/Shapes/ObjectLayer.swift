import PinionJSON

/// What one schema says of the members of an object: its declared names, its patterns, and the rest.
///
/// `additionalProperties` sees the names and patterns beside it alone, so that an object which satisfies several
/// schemas keeps a layer of each.
final class ObjectLayer {
    enum Value {
        case any, never
        case literal(Literal)
    }

    let members: [(name: ProtocolWord, value: Value)]
    /// Indices into ``AutomatonPool``, of names without their quotes.
    let patterns: [(automaton: Int, value: Value)]
    /// What members under other names satisfy.
    let rest: Value
    /// Whether the layer looked at all members, and not only at those that it names.
    let evaluatesRest: Bool
    private let indices: [ProtocolWord: Int]

    init(
        members: [(name: ProtocolWord, value: Value)] = [], patterns: [(automaton: Int, value: Value)] = [],
        rest: Value = .any, evaluatesRest: Bool = false
    ) {
        self.members = members
        self.patterns = patterns
        self.rest = rest
        self.evaluatesRest = evaluatesRest
        indices = Dictionary(members.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func names(_ name: ProtocolWord) -> Bool { indices[name] != nil }

    /// What the layer asks of the member of a name.
    ///
    /// - Parameter matches: which patterns the name matches, by index into ``AutomatonPool``.
    func values(of name: ProtocolWord, matches: (Int) -> Bool) -> [Value] {
        var values: [Value] = []
        if let index = indices[name] { values.append(members[index].value) }
        for pattern in patterns where matches(pattern.automaton) { values.append(pattern.value) }
        return values.isEmpty ? [rest] : values
    }

    /// What the layer asks of members whose names it does not declare.
    func values(ofFreeNameMatching matched: Set<Int>) -> [Value] {
        let values = patterns.filter { matched.contains($0.automaton) }.map(\.value)
        return values.isEmpty ? [rest] : values
    }
}
