import PinionJSON

/// Nodes and layers that were made of others, each once.
struct DerivedNodes {
    var layers: [Literal: ObjectLayer] = [:]
    /// Nodes for the arrays and objects among a node's constants, by node.
    var constants: [Int: [[Int]]] = [:]
    /// Nodes of parts of constants, by their JSON: many constants have parts in common.
    var parts: [ProtocolWord: Int] = [:]
    var alternatives: [[Literal]: Literal] = [:]
    /// The spellings of names that satisfy a literal, without quotes.
    var names: [Literal: ByteAutomaton] = [:]
    /// All names but some, by those.
    var otherNames: [Set<ProtocolWord>: NameLanguage] = [:]
    var nameLanguages: [ByteAutomaton: NameLanguage] = [:]
}

/// A set of names of members.
struct NameLanguage {
    /// With quotes.
    let quoted: ByteAutomaton
    /// Number of names; nil if there are more than can be counted.
    let count: Int?
}

extension SchemaExpander {
    // MARK: - Constants

    /// The shapes that have a value which `enum` and `const` list: arrays or objects, by what their parts are equal to.
    func narrowed<Shape: SchemaShape>(
        _ shapes: [Shape], toConstantsOf literal: Literal
    ) throws(GrammarError) -> [Shape] {
        var shapes = shapes
        for list in try constants(of: literal, Shape.types) {
            var values: [[Shape]] = []
            for node in list { values.append(try expand(Literal(node: node, scope: 0))) }
            shapes = try product(shapes, try union(values).map { $0.unevaluated })
        }
        return shapes
    }

    /// The shapes of values that `enum` or `const` do not list.
    func denyingConstants<Shape: SchemaShape>(of literal: Literal) throws(GrammarError) -> [Shape] {
        var parts: [[Shape]] = []
        for list in try constants(of: literal, Shape.types) {
            var shapes = [Shape.any]
            for node in list { shapes = try product(shapes, try expand(Literal(node: node, scope: 0).negated)) }
            parts.append(shapes)
        }
        return try union(parts)
    }

    /// For each keyword, a node of each constant of the type.
    private func constants(of literal: Literal, _ types: TypeSet) throws(GrammarError) -> [[Int]] {
        let node = document.nodes[literal.node]
        guard !node.constants.isEmpty else { return [] }
        if derived.constants[node.id] == nil {
            derived.constants[node.id] = try node.constants.map { _, values throws(GrammarError) in
                var ids: [Int] = []
                for value in values { if let id = try constant(value, in: node) { ids.append(id) } }
                return ids
            }
        }
        return (derived.constants[node.id] ?? []).map { list in
            list.filter { document.nodes[$0].types == types }
        }
    }

    /// A node that an array or object alone satisfies: what it says of the parts is found when they are looked at.
    private func constant(_ value: JSONValue, in node: SchemaNode) throws(GrammarError) -> Int? {
        switch value {
        case .array(let elements):
            let result = try document.addDerived(from: node)
            var assertions = ArrayAssertions(minimum: elements.count, maximum: elements.count)
            for element in elements { assertions.prefix.append(try part(element, of: result)) }
            result.types = .array
            result.array = assertions
            result.steps = [.assertions]
            return result.id
        case .object(let object):
            let result = try document.addDerived(from: node)
            let others = try document.addDerived(from: result)
            others.verdict = false
            var assertions = ObjectAssertions(additional: others.id)
            for member in object.members {
                let name = ProtocolWord(member.name)
                assertions.properties.append((name, try part(member.value, of: result)))
                assertions.required.append(name)
            }
            result.types = .object
            result.object = assertions
            result.steps = [.assertions]
            return result.id
        default: return nil
        }
    }

    private func part(_ value: JSONValue, of node: SchemaNode) throws(GrammarError) -> Int {
        let text = ProtocolWord(String(decoding: value.compactText, as: UTF8.self))
        if let known = derived.parts[text] { return known }
        let result = try document.addDerived(from: node)
        result.constants = [(.const, [value])]
        result.steps = [.assertions]
        derived.parts[text] = result.id
        return result.id
    }

    // MARK: - Alternatives and layers

    /// A literal that is satisfied by what satisfies one of several.
    func alternative(of literals: [Literal], at node: SchemaNode) throws(GrammarError) -> Literal {
        if let known = derived.alternatives[literals] { return known }
        let result = try document.addDerived(from: node)
        result.alternatives = literals
        let literal = Literal(node: result.id, scope: 0)
        derived.alternatives[literals] = literal
        return literal
    }

    /// What a node says of the members of objects.
    func layer(of literal: Literal) throws(GrammarError) -> ObjectLayer {
        let key = Literal(node: literal.node, scope: literal.scope)
        if let known = derived.layers[key] { return known }
        let node = document.nodes[literal.node]
        guard let assertions = node.object else { return ObjectLayer() }
        var patterns: [(automaton: Int, value: ObjectLayer.Value)] = []
        for (text, schema) in assertions.patterns {
            guard let pattern = try namePattern(text, of: node) else { continue }
            patterns.append((pattern, value(schema, of: key)))
        }
        let layer = ObjectLayer(
            members: assertions.properties.map { ($0.name, value($0.schema, of: key)) }, patterns: patterns,
            rest: assertions.additional.map { value($0, of: key) } ?? .any,
            evaluatesRest: assertions.additional != nil)
        derived.layers[key] = layer
        return layer
    }

    private func value(_ node: Int, of literal: Literal) -> ObjectLayer.Value {
        document.nodes[node].isNever ? .never : .literal(child(node, of: literal))
    }

    /// What the member of a name satisfies by all layers of a shape.
    func conjunction(of name: ProtocolWord, in shape: ObjectShape) throws(GrammarError) -> Conjunction {
        if shape.forbidden.contains(name) { return .never }
        try spend((shape.uses.count + 3) / 4)
        var spelling: [UInt8]?
        var values: [ObjectLayer.Value] = []
        for use in shape.uses {
            values += use.layer.values(of: name) { pattern in
                let bytes = spelling ?? ByteAutomaton.jsonSpelling(of: name.text)
                spelling = bytes
                return automata[pattern].accepts(bytes)
            }
        }
        for names in shape.names {
            let bytes = spelling ?? ByteAutomaton.jsonSpelling(of: name.text)
            if try !self.names(satisfying: names).accepts(bytes) { return .never }
        }
        return try conjunction(of: values)
    }

    func conjunction(of values: [ObjectLayer.Value]) throws(GrammarError) -> Conjunction {
        var literals: [Literal] = []
        for value in values {
            switch value {
            case .any: break
            case .never: return .never
            case .literal(let literal): literals.append(literal)
            }
        }
        return try conjunction(literals)
    }

    // MARK: - Names

    /// All names but some.
    func names(besides names: Set<ProtocolWord>) throws(GrammarError) -> NameLanguage {
        if let known = derived.otherNames[names] { return known }
        try spend(names.count)
        var quoted = try SchemaTranslator.anyString.get()
        if !names.isEmpty { quoted = try quoted.removing(names.map { SchemaTranslator.quoted($0) }) }
        let others = NameLanguage(quoted: quoted, count: nil)
        derived.otherNames[names] = others
        return others
    }

    func nameLanguage(_ names: ByteAutomaton) throws(GrammarError) -> NameLanguage {
        if let known = derived.nameLanguages[names] { return known }
        let language = NameLanguage(
            quoted: try names.quoted(), count: names.texts(atMost: SchemaLimits.count)?.count)
        derived.nameLanguages[names] = language
        return language
    }

    /// Whether only strings satisfy a combination.
    func areStrings(_ conjunction: Conjunction) throws(GrammarError) -> Bool {
        guard try shapes(of: conjunction, WordShape.self).isEmpty,
            try shapes(of: conjunction, NumberShape.self).isEmpty,
            try shapes(of: conjunction, ArrayShape.self).isEmpty
        else { return false }
        return try shapes(of: conjunction, ObjectShape.self).isEmpty
    }
}
