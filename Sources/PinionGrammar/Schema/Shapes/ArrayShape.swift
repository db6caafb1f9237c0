import PinionJSON

/// Arrays by what their elements satisfy, by length and by what they contain.
struct ArrayShape: SchemaShape {
    /// So many elements have to satisfy a literal.
    struct Demand {
        var literal: Literal
        var minimum: Int
        var maximum: Int?
        /// Elements before this index count for nothing.
        var start: Int
        /// Whether `unevaluatedItems` leaves out the elements that satisfy it.
        var isEvaluating: Bool
    }

    /// What the elements at the first places satisfy, one by one.
    var prefix: [[Literal]] = []
    /// What all elements behind them satisfy.
    var rest: [Literal] = []
    var minimum = 0
    var maximum: Int?
    var demands: [Demand] = []
    /// A node that asks for elements of which no two are equal.
    var uniqueNode: Int?
    /// So many elements at the beginning were looked at; `Int.max` for all.
    var evaluated = 0

    static let any = ArrayShape()
    static let types = TypeSet.array
    static let isEvaluated = true
    static func memory(of expander: SchemaExpander) -> ExpansionTable<ArrayShape> { expander.arrays }

    var isAny: Bool {
        prefix.isEmpty && rest.isEmpty && minimum == 0 && maximum == nil && demands.isEmpty && uniqueNode == nil
            && evaluated == 0
    }

    var weight: Int { 1 + prefix.count + rest.count + demands.count }

    func merged(with other: ArrayShape) -> ArrayShape? {
        var both = self
        both.prefix = (0..<max(prefix.count, other.prefix.count)).map {
            union(literals(at: $0), other.literals(at: $0))
        }
        both.rest = union(rest, other.rest)
        both.minimum = max(minimum, other.minimum)
        both.maximum = [maximum, other.maximum].compactMap { $0 }.min()
        both.demands += other.demands
        both.uniqueNode = uniqueNode ?? other.uniqueNode
        both.evaluated = max(evaluated, other.evaluated)
        if let maximum = both.maximum, maximum < both.minimum { return nil }
        return both
    }

    /// What the element at an index satisfies.
    func literals(at index: Int) -> [Literal] { index < prefix.count ? prefix[index] : rest }

    private func union(_ left: [Literal], _ right: [Literal]) -> [Literal] {
        left + right.filter { !left.contains($0) }
    }

    // MARK: - Keywords

    static func satisfying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [ArrayShape] {
        let node = expander.document.nodes[literal.node]
        var shape = ArrayShape()
        if let assertions = node.array {
            shape.prefix = assertions.prefix.map { [expander.child($0, of: literal)] }
            shape.evaluated = assertions.prefix.count
            if let rest = assertions.rest {
                shape.rest = [expander.child(rest, of: literal)]
                shape.evaluated = Int.max
            }
            shape.minimum = try expander.least(assertions.minimum, of: node, .minItems)
            shape.maximum = assertions.maximum
            if let demand = try demand(of: assertions, literal, in: expander) { shape.demands = [demand] }
            if assertions.isUnique, !expander.omissions.contains(node, .uniqueItems) { shape.uniqueNode = node.id }
            if let maximum = shape.maximum, maximum < shape.minimum { return [] }
        }
        return try expander.narrowed([shape], toConstantsOf: literal)
    }

    private static func demand(
        of assertions: ArrayAssertions, _ literal: Literal, in expander: SchemaExpander
    ) throws(GrammarError) -> Demand? {
        guard let contained = assertions.contained else { return nil }
        let node = expander.document.nodes[literal.node]
        return Demand(
            literal: expander.child(contained, of: literal),
            minimum: try expander.least(assertions.minimumContained ?? 1, of: node, .minContains),
            maximum: assertions.maximumContained, start: 0, isEvaluating: node.draft.evaluatesContained)
    }

    static func denying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [ArrayShape] {
        let node = expander.document.nodes[literal.node]
        var shapes: [ArrayShape] = []
        if let assertions = node.array {
            for (index, element) in assertions.prefix.enumerated() {
                var shape = ArrayShape(minimum: index + 1)
                shape.prefix = Array(repeating: [], count: index) + [[expander.child(element, of: literal).negated]]
                shapes.append(shape)
            }
            if let rest = assertions.rest {
                let other = expander.child(rest, of: literal).negated
                shapes.append(.containing(other, from: assertions.prefix.count))
            }
            if let minimum = assertions.minimum, minimum > 0 { shapes.append(ArrayShape(maximum: minimum - 1)) }
            if let maximum = assertions.maximum {
                shapes.append(ArrayShape(minimum: try expander.least(maximum, of: node, .maxItems) + 1))
            }
            if var demand = try demand(of: assertions, literal, in: expander) {
                demand.isEvaluating = false
                shapes += try lackings(of: demand, at: node, in: expander)
            }
            if assertions.isUnique {
                throw expander.omissions.refuse(node, .uniqueItems, isNegated: true, "'uniqueItems' cannot be denied")
            }
            if let unevaluated = assertions.unevaluated {
                shapes += try denyingUnevaluated(unevaluated, literal, in: expander)
            }
        }
        return try shapes + expander.denyingConstants(of: literal)
    }

    /// Arrays that hold too few or too many elements for a demand.
    private static func lackings(
        of demand: Demand, at node: SchemaNode, in expander: SchemaExpander
    ) throws(GrammarError) -> [ArrayShape] {
        var shapes: [ArrayShape] = []
        if demand.minimum > 0 {
            var few = demand
            few.minimum = 0
            few.maximum = demand.minimum - 1
            shapes.append(ArrayShape(demands: [few]))
        }
        if let maximum = demand.maximum {
            var many = demand
            many.minimum = try expander.least(maximum, of: node, .maxContains) + 1
            many.maximum = nil
            shapes.append(ArrayShape(minimum: many.minimum, demands: [many]))
        }
        return shapes
    }

    private static func containing(_ literal: Literal, from start: Int) -> ArrayShape {
        ArrayShape(
            minimum: start + 1,
            demands: [Demand(literal: literal, minimum: 1, maximum: nil, start: start, isEvaluating: false)])
    }

    // MARK: - Unevaluated elements

    static func hasUnevaluated(_ node: SchemaNode) -> Bool { node.array?.unevaluated != nil }

    var hasEvaluations: Bool { evaluated > 0 || demands.contains(where: \.isEvaluating) }

    var unevaluated: ArrayShape {
        var shape = self
        shape.evaluated = 0
        for index in shape.demands.indices { shape.demands[index].isEvaluating = false }
        return shape
    }

    func closed(by literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> ArrayShape {
        let node = expander.document.nodes[literal.node]
        guard evaluated < Int.max, let child = node.array?.unevaluated else { return self }
        var other = ArrayShape()
        other.prefix = Array(repeating: [], count: evaluated)
        other.evaluated = Int.max
        let contained = demands.filter(\.isEvaluating).map(\.literal)
        let inner = expander.child(child, of: literal)
        other.rest = contained.isEmpty ? [inner] : [try expander.alternative(of: contained + [inner], at: node)]
        // Both have the same lengths, so that they never exclude each other.
        return merged(with: other) ?? self
    }

    /// Only where what was looked at does not depend on the instance.
    private static func denyingUnevaluated(
        _ unevaluated: Int, _ literal: Literal, in expander: SchemaExpander
    ) throws(GrammarError) -> [ArrayShape] {
        let node = expander.document.nodes[literal.node]
        guard node.steps.allSatisfy({ if case .assertions = $0 { true } else { false } }),
            node.array?.contained == nil
        else {
            throw expander.omissions.refuse(
                node, .unevaluatedItems, isNegated: true,
                "'unevaluatedItems' cannot be denied beside other schemas of the same array")
        }
        guard node.array?.rest == nil else { return [] }
        let other = expander.child(unevaluated, of: literal).negated
        return [containing(other, from: node.array?.prefix.count ?? 0)]
    }

    // MARK: - Proof

    func isProvablyEmpty(depth: Int, in expander: SchemaExpander) throws(GrammarError) -> Bool {
        if let maximum, demands.contains(where: { $0.minimum > maximum }) { return true }
        guard depth > 0 else { return false }
        for index in 0..<min(minimum, prefix.count + 1) {
            let conjunction = try expander.conjunction(literals(at: index))
            if try expander.isProvablyEmpty(conjunction, depth: depth - 1) { return true }
        }
        for demand in demands where demand.minimum > 0 && demand.start >= prefix.count {
            let conjunction = try expander.conjunction(rest + [demand.literal])
            if try expander.isProvablyEmpty(conjunction, depth: depth - 1) { return true }
        }
        return false
    }
}
