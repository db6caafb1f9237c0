import PinionJSON

/// The members that the objects of one shape may have: in order, in any order, and free.
struct MemberPlan {
    struct Member {
        let name: ProtocolWord
        let value: Conjunction
        let isRequired: Bool
    }

    /// Names that are not declared and are treated alike.
    struct FreeNames {
        let names: NameLanguage
        let value: Conjunction
    }

    struct Demand {
        /// With quotes.
        let names: ByteAutomaton
        let value: [Literal]
    }

    /// Declared members, and behind them those required ones that are too many to come in any order.
    private(set) var ordered: [Member] = []
    /// Required members without declaration.
    private(set) var unordered: [Member] = []
    private(set) var free: [FreeNames] = []
    private(set) var demands: [Demand] = []
    /// Whether no object has the shape.
    private(set) var isImpossible = false

    /// What it costs to make a state of a class of names, in the steps that shapes are counted by.
    private static let stepsPerState = 3
    private let shape: ObjectShape
    private let expander: SchemaExpander

    init(_ shape: ObjectShape, in expander: SchemaExpander) throws(GrammarError) {
        self.shape = shape
        self.expander = expander
        var names = try addDeclared()
        try addRequired(&names)
        if isImpossible { return }
        for demand in shape.demands { demands.append(try resolve(demand)) }
        try addFree(besides: names)
    }

    // MARK: - Names that are known

    /// - Returns: All names that are declared, also those that no member may have.
    private mutating func addDeclared() throws(GrammarError) -> Set<ProtocolWord> {
        var seen: Set<ProtocolWord> = []
        let required = Set(shape.required)
        for use in shape.uses {
            for (name, _) in use.layer.members where seen.insert(name).inserted {
                let value = try expander.conjunction(of: name, in: shape)
                let isRequired = required.contains(name)
                if value == .never {
                    if isRequired { isImpossible = true }
                } else {
                    ordered.append(Member(name: name, value: value, isRequired: isRequired))
                }
            }
        }
        return seen
    }

    private mutating func addRequired(_ names: inout Set<ProtocolWord>) throws(GrammarError) {
        var members: [Member] = []
        for name in shape.required where names.insert(name).inserted {
            let value = try expander.conjunction(of: name, in: shape)
            if value == .never { isImpossible = true }
            members.append(Member(name: name, value: value, isRequired: true))
        }
        if members.count <= SchemaLimits.unorderedNames { unordered = members } else { ordered += members }
    }

    // MARK: - Free names

    private mutating func addFree(besides names: Set<ProtocolWord>) throws(GrammarError) {
        var patterns: [Int] = []
        for use in shape.uses {
            for (pattern, _) in use.layer.patterns where !patterns.contains(pattern) { patterns.append(pattern) }
        }
        if patterns.isEmpty, try value(ofFreeNameMatching: []) == .never { return }
        let known = shape.forbidden.isEmpty ? names : names.union(shape.forbidden)
        if patterns.isEmpty, shape.names.isEmpty {
            let value = try value(ofFreeNameMatching: [])
            free = [FreeNames(names: try expander.names(besides: known), value: value)]
            return
        }
        var universe = ByteAutomaton.anyText(.jsonString)
        for literal in shape.names {
            universe = try universe.intersection(try expander.names(satisfying: literal))
        }
        if !known.isEmpty { universe = try universe.subtracting(Self.texts(known)) }
        var parts: [(automaton: ByteAutomaton, value: Conjunction)] = []
        for (automaton, matched) in try classes(of: universe, by: patterns) {
            let value = try value(ofFreeNameMatching: matched)
            guard !automaton.isEmpty, try !expander.isProvablyEmpty(value, depth: 1) else { continue }
            if let index = parts.firstIndex(where: { $0.value == value }) {
                parts[index].automaton = try .union([parts[index].automaton, automaton])
            } else {
                parts.append((automaton, value))
            }
        }
        for part in parts {
            free.append(FreeNames(names: try expander.nameLanguage(part.automaton), value: part.value))
        }
    }

    private static func texts(_ names: Set<ProtocolWord>) throws(GrammarError) -> ByteAutomaton {
        try .texts(names.map { ByteAutomaton.jsonSpelling(of: $0.text) })
    }

    private func value(ofFreeNameMatching matched: Set<Int>) throws(GrammarError) -> Conjunction {
        try expander.conjunction(of: shape.uses.flatMap { $0.layer.values(ofFreeNameMatching: matched) })
    }

    /// Divides names by the patterns that they match.
    private func classes(
        of universe: ByteAutomaton, by patterns: [Int]
    ) throws(GrammarError) -> [(automaton: ByteAutomaton, matched: Set<Int>)] {
        var classes: [(automaton: ByteAutomaton, matched: Set<Int>)] = [(universe, [])]
        for pattern in patterns {
            let automaton = expander.automata[pattern]
            var divided: [(automaton: ByteAutomaton, matched: Set<Int>)] = []
            for part in classes {
                let inside = try part.automaton.intersection(automaton)
                let outside = try part.automaton.subtracting(automaton)
                try expander.spend(Self.stepsPerState * (inside.stateCount + outside.stateCount))
                if !inside.isEmpty { divided.append((inside, part.matched.union([pattern]))) }
                if !outside.isEmpty { divided.append((outside, part.matched)) }
            }
            classes = divided
            guard classes.count <= SchemaLimits.nameClasses else {
                throw GrammarError(
                    .limit, "patterns that divide the names of an object into more than \(SchemaLimits.nameClasses)")
            }
        }
        return classes
    }

    // MARK: - Demands

    private func resolve(_ demand: ObjectShape.Demand) throws(GrammarError) -> Demand {
        Demand(names: try quotedNames(of: demand), value: demand.value.map { [$0] } ?? [])
    }

    private func quotedNames(of demand: ObjectShape.Demand) throws(GrammarError) -> ByteAutomaton {
        switch demand.names {
        case .matching(let pattern): return try expander.nameLanguage(expander.automata[pattern]).quoted
        case .satisfying(let literal): return try expander.nameLanguage(expander.names(satisfying: literal)).quoted
        case .outside(let layer):
            var names = try expander.names(besides: Set(layer.members.map(\.name))).quoted
            for (pattern, _) in layer.patterns {
                names = try names.subtracting(try expander.nameLanguage(expander.automata[pattern]).quoted)
            }
            return names
        }
    }
}
