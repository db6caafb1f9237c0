import PinionJSON

/// Finds what references mean.
struct ReferenceResolver {
    let document: SchemaDocument
    private var scopes = DynamicScopes()
    /// Targets by node and place of the reference among its steps.
    private var targets: [SiteKey: Literal] = [:]

    private struct SiteKey: Hashable {
        let literal: Literal
        let keyword: SchemaKeyword
    }

    init(_ document: SchemaDocument) {
        self.document = document
    }

    /// The schema as a whole.
    mutating func root() -> Literal { entering(document.root, from: 0) }

    /// A node below the literal's own, in whose resource it may begin another.
    mutating func child(_ node: Int, of literal: Literal) -> Literal {
        guard document.hasDynamicReferences else { return Literal(node: node, scope: 0) }
        return entering(node, from: literal.scope)
    }

    private mutating func entering(_ node: Int, from scope: Int) -> Literal {
        guard document.hasDynamicReferences else { return Literal(node: node, scope: 0) }
        let resource = document.resources[document.nodes[node].resource]
        return Literal(node: node, scope: scopes.entering(resource, from: scope))
    }

    /// What the reference of a literal's node means; positive.
    mutating func target(of reference: SchemaReference, at literal: Literal) throws(GrammarError) -> Literal {
        let key = SiteKey(literal: Literal(node: literal.node, scope: literal.scope), keyword: reference.keyword)
        if let known = targets[key] { return known }
        let node = document.nodes[literal.node]
        let target = try resolve(reference, at: node, scope: literal.scope)
        let result = entering(target, from: literal.scope)
        targets[key] = result
        return result
    }

    private func resolve(
        _ reference: SchemaReference, at node: SchemaNode, scope: Int
    ) throws(GrammarError) -> Int {
        let uri = URIReference(reference.text)
        guard let resource = resource(of: uri, at: node) else {
            throw GrammarError(
                .unsupported, "'\(JSONValue.quoted(reference.text))' is no part of this schema, and nothing is fetched",
                pointer: node.pointer(to: reference.keyword))
        }
        guard let fragment = uri.decodedFragment else { throw missing(reference, at: node) }
        let root = document.resources[resource].root
        if fragment.utf8.isEmpty {
            guard reference.keyword == .recursiveReference, document.resources[resource].isRecursive else {
                return root
            }
            return scopes.node(of: nil, in: scope) ?? root
        }
        if fragment.utf8.first == UInt8(ascii: "/") {
            guard let found = try document.node(at: fragment, below: document.nodes[root]) else {
                throw missing(reference, at: node)
            }
            return found
        }
        guard let found = document.anchor(fragment, in: resource) else { throw missing(reference, at: node) }
        let name = ProtocolWord(fragment)
        let isDynamic = document.resources[resource].dynamicAnchors.contains { $0.name == name && $0.node == found }
        guard reference.keyword == .dynamicReference, isDynamic else { return found }
        return scopes.node(of: name, in: scope) ?? found
    }

    private func resource(of uri: URIReference, at node: SchemaNode) -> Int? {
        // Most references stay in their resource, whose URI need not be written out to find it.
        if uri.isFragment { return node.resource }
        return document.resource(uri.resolved(against: document.resources[node.resource].uri).resource)
    }

    private func missing(_ reference: SchemaReference, at node: SchemaNode) -> GrammarError {
        GrammarError(
            .invalid, "'\(JSONValue.quoted(reference.text))' refers to nothing in this schema",
            pointer: node.pointer(to: reference.keyword))
    }
}

extension SchemaNode {
    /// Whether the node holds annotations only, or says yes to everything.
    var isTrivial: Bool {
        if let verdict { return verdict }
        return alternatives == nil && !hasAssertions
            && steps.allSatisfy { if case .assertions = $0 { true } else { false } }
    }

    /// Whether nothing satisfies the node.
    var isNever: Bool { verdict == false }

    /// The one thing that the node says, if it asserts nothing else.
    var onlyStep: SchemaStep? {
        guard verdict == nil, alternatives == nil, !hasAssertions else { return nil }
        var found: SchemaStep?
        for step in steps {
            if case .assertions = step { continue }
            guard found == nil else { return nil }
            found = step
        }
        return found
    }

    var hasAssertions: Bool {
        types != nil || !constants.isEmpty || number != nil || string != nil || array != nil || object != nil
    }
}
