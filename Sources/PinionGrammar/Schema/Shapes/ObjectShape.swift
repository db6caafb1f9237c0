import PinionJSON

/// Objects by layers of what their members satisfy, by the names they must have and by count.
struct ObjectShape: SchemaShape {
    struct Use {
        let layer: ObjectLayer
        /// Whether `unevaluatedProperties` leaves out what the layer looked at.
        var isEvaluating: Bool
    }

    /// Some member has to have a name of a kind, and a value that satisfies a literal.
    struct Demand {
        enum Names {
            case matching(Int)
            /// Names that the layer neither declares nor matches.
            case outside(ObjectLayer)
            /// Names that satisfy the literal.
            case satisfying(Literal)
        }

        let names: Names
        /// Nil for any value.
        let value: Literal?
    }

    var uses: [Use] = []
    /// In the order written, none twice.
    var required: [ProtocolWord] = []
    /// Names that no member has. Apart from the layers, because conditions deny many names one by one.
    var forbidden: Set<ProtocolWord> = []
    /// What every name satisfies.
    var names: [Literal] = []
    var demands: [Demand] = []
    var minimum = 0
    var maximum: Int?

    static var any: ObjectShape { ObjectShape() }
    static let types = TypeSet.object
    static let isEvaluated = true
    static func memory(of expander: SchemaExpander) -> ExpansionTable<ObjectShape> { expander.objects }

    var isAny: Bool {
        uses.isEmpty && required.isEmpty && forbidden.isEmpty && names.isEmpty && demands.isEmpty && minimum == 0
            && maximum == nil
    }

    func merged(with other: ObjectShape) -> ObjectShape? {
        var both = self
        both.uses += other.uses
        if required.isEmpty {
            both.required = other.required
        } else if !other.required.isEmpty {
            let known = Set(required)
            both.required += other.required.filter { !known.contains($0) }
        }
        both.forbidden.formUnion(other.forbidden)
        if !both.forbidden.isEmpty, both.required.contains(where: both.forbidden.contains) { return nil }
        both.names += other.names.filter { !names.contains($0) }
        both.demands += other.demands
        both.minimum = max(minimum, other.minimum)
        both.maximum = [maximum, other.maximum].compactMap { $0 }.min()
        if let maximum = both.maximum, maximum < max(both.minimum, both.required.count) { return nil }
        return both
    }

    static func having(_ name: ProtocolWord) -> ObjectShape? { ObjectShape(required: [name]) }

    static func lacking(_ name: ProtocolWord) -> ObjectShape? { ObjectShape(forbidden: [name]) }

    var weight: Int { 1 + uses.count + (required.count + forbidden.count) / 8 }

    /// Objects whose member of the name satisfies a literal.
    private static func having(_ name: ProtocolWord, _ literal: Literal) -> ObjectShape {
        let layer = ObjectLayer(members: [(name, .literal(literal))])
        return ObjectShape(uses: [Use(layer: layer, isEvaluating: false)], required: [name])
    }

    // MARK: - Keywords

    static func satisfying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [ObjectShape] {
        let node = expander.document.nodes[literal.node]
        var shapes = [ObjectShape()]
        if let assertions = node.object {
            var shape = ObjectShape()
            if assertions.hasLayer {
                shape.uses = [Use(layer: try expander.layer(of: literal), isEvaluating: true)]
            }
            shape.required = assertions.required
            if let names = assertions.names { shape.names = [expander.child(names, of: literal)] }
            shape.minimum = try expander.least(assertions.minimum, of: node, .minProperties)
            shape.maximum = assertions.maximum
            if let maximum = shape.maximum, maximum < max(shape.minimum, shape.required.count) { return [] }
            shapes = [shape]
            for (name, required, _) in assertions.dependents where !required.isEmpty {
                let having = ObjectShape(required: [name] + required.filter { $0 != name })
                shapes = try expander.product(shapes, [having] + [lacking(name)].compactMap { $0 })
            }
        }
        return try expander.narrowed(shapes, toConstantsOf: literal)
    }

    static func denying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [ObjectShape] {
        let node = expander.document.nodes[literal.node]
        guard let assertions = node.object else { return try expander.denyingConstants(of: literal) }
        var shapes: [ObjectShape] = []
        for name in assertions.required { if let shape = lacking(name) { shapes.append(shape) } }
        for (name, schema) in assertions.properties {
            let child = expander.child(schema, of: literal)
            if !expander.document.nodes[schema].isTrivial { shapes.append(having(name, child.negated)) }
        }
        if !assertions.patterns.isEmpty || assertions.additional != nil {
            shapes += try denyingOpenMembers(literal, assertions, in: expander)
        }
        if let names = assertions.names {
            let child = expander.child(names, of: literal).negated
            shapes.append(ObjectShape(demands: [Demand(names: .satisfying(child), value: nil)]))
        }
        if let minimum = assertions.minimum, minimum > 0 { shapes.append(ObjectShape(maximum: minimum - 1)) }
        if let maximum = assertions.maximum {
            shapes.append(ObjectShape(minimum: try expander.least(maximum, of: node, .maxProperties) + 1))
        }
        for (name, required, keyword) in assertions.dependents {
            try expander.checkDenial(of: keyword, at: node)
            for other in required where other != name {
                if let shape = lacking(other)?.merged(with: ObjectShape(required: [name])) { shapes.append(shape) }
            }
        }
        if let unevaluated = assertions.unevaluated {
            shapes += try denyingUnevaluated(unevaluated, literal, in: expander)
        }
        return try shapes + expander.denyingConstants(of: literal)
    }

    private static func denyingOpenMembers(
        _ literal: Literal, _ assertions: ObjectAssertions, in expander: SchemaExpander
    ) throws(GrammarError) -> [ObjectShape] {
        let layer = try expander.layer(of: literal)
        var shapes: [ObjectShape] = []
        for (pattern, value) in layer.patterns {
            switch value {
            case .any: break
            case .never: shapes.append(ObjectShape(demands: [Demand(names: .matching(pattern), value: nil)]))
            case .literal(let value):
                guard !expander.document.nodes[value.node].isTrivial else { continue }
                shapes.append(ObjectShape(demands: [Demand(names: .matching(pattern), value: value.negated)]))
            }
        }
        if let additional = assertions.additional, !expander.document.nodes[additional].isTrivial {
            let child = expander.child(additional, of: literal).negated
            shapes.append(ObjectShape(demands: [Demand(names: .outside(layer), value: child)]))
        }
        return shapes
    }

    // MARK: - Unevaluated members

    static func hasUnevaluated(_ node: SchemaNode) -> Bool { node.object?.unevaluated != nil }

    var hasEvaluations: Bool { uses.contains(where: \.isEvaluating) }

    var unevaluated: ObjectShape {
        var shape = self
        for index in shape.uses.indices { shape.uses[index].isEvaluating = false }
        return shape
    }

    func closed(by literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> ObjectShape {
        let node = expander.document.nodes[literal.node]
        guard let child = node.object?.unevaluated, let layer = closingLayer(expander.child(child, of: literal))
        else { return self }
        var shape = self
        shape.uses.append(Use(layer: layer, isEvaluating: true))
        return shape
    }

    /// A layer for what no evaluating layer looked at; nil if they looked at everything.
    private func closingLayer(_ literal: Literal) -> ObjectLayer? {
        let layers = uses.filter(\.isEvaluating).map(\.layer)
        guard !layers.contains(where: \.evaluatesRest) else { return nil }
        return ObjectLayer(
            members: layers.flatMap { $0.members.map { ($0.name, .any) } },
            patterns: layers.flatMap { $0.patterns.map { ($0.automaton, .any) } },
            rest: .literal(literal), evaluatesRest: true)
    }

    /// Only where what was looked at does not depend on the instance.
    private static func denyingUnevaluated(
        _ unevaluated: Int, _ literal: Literal, in expander: SchemaExpander
    ) throws(GrammarError) -> [ObjectShape] {
        let node = expander.document.nodes[literal.node]
        guard node.steps.allSatisfy({ if case .assertions = $0 { true } else { false } }) else {
            throw expander.omissions.refuse(
                node, .unevaluatedProperties, isNegated: true,
                "'unevaluatedProperties' cannot be denied beside other schemas of the same object")
        }
        guard node.object?.additional == nil else { return [] }
        let layer = node.object?.hasLayer ?? false ? try expander.layer(of: literal) : ObjectLayer()
        let child = expander.child(unevaluated, of: literal).negated
        return [ObjectShape(demands: [Demand(names: .outside(layer), value: child)])]
    }

    // MARK: - Proof

    /// By a member that all have and whose values are strings that no two branches share: what OpenAPI calls a
    /// discriminator.
    static func areApart(_ branches: [[ObjectShape]], in expander: SchemaExpander) throws(GrammarError) -> Bool {
        guard let first = branches.first?.first else { return true }
        names: for name in first.required {
            var strings: [[StringShape]] = []
            for branch in branches {
                var own: [StringShape] = []
                for shape in branch {
                    guard shape.required.contains(name) else { continue names }
                    let conjunction = try expander.conjunction(of: name, in: shape)
                    guard try expander.areStrings(conjunction) else { continue names }
                    own += try expander.shapes(of: conjunction, StringShape.self)
                }
                strings.append(own)
            }
            if try StringShape.areApart(strings, in: expander) { return true }
        }
        return false
    }

    func isProvablyEmpty(depth: Int, in expander: SchemaExpander) throws(GrammarError) -> Bool {
        if let maximum, maximum < max(minimum, demands.isEmpty ? 0 : 1) { return true }
        for name in required {
            let conjunction = try expander.conjunction(of: name, in: self)
            if conjunction == .never { return true }
            if depth > 0, try expander.isProvablyEmpty(conjunction, depth: depth - 1) { return true }
        }
        return false
    }
}
