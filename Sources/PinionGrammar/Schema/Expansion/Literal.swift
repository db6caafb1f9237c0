import PinionJSON

/// A subschema that a value satisfies, or does not.
struct Literal: Hashable {
    var node: Int
    /// By which way the node was reached, as far as a `$dynamicRef` asks; index into ``DynamicScopes``.
    var scope: Int
    var isNegated = false

    var negated: Literal { Literal(node: node, scope: scope, isNegated: !isNegated) }

    func child(_ node: Int) -> Literal { Literal(node: node, scope: scope) }

    /// One number for each literal: nodes and scopes are far fewer than 2^30, as each is an entry of a table.
    var number: Int { (scope << 30 | node) << 1 | (isNegated ? 1 : 0) }

    func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// Subschemas that one value satisfies all of; index into ``ConjunctionTable``.
struct Conjunction: Hashable {
    let id: Int

    /// Every value.
    static let any = Conjunction(id: 0)
    /// No value.
    static let never = Conjunction(id: 1)
}

/// The combinations of subschemas that were met, each under one number, so that recursion finds back to itself.
struct ConjunctionTable {
    private(set) var literals: [[Literal]] = [[], []]
    private var ids: [[Literal]: Int] = [[]: 0]
    /// The same for lists of one literal, which most are, by its number.
    private var idsOfOne: [Int: Int] = [:]

    subscript(conjunction: Conjunction) -> [Literal] { literals[conjunction.id] }

    /// - Parameter list: in their simplest forms, in the order in which they declare names, none twice.
    mutating func conjunction(of list: [Literal]) throws(GrammarError) -> Conjunction {
        if let id = list.count == 1 ? idsOfOne[list[0].number] : ids[list] { return Conjunction(id: id) }
        guard literals.count < SchemaLimits.conjunctions else {
            throw GrammarError(.limit, "more than \(SchemaLimits.conjunctions) combinations of subschemas")
        }
        if list.count == 1 { idsOfOne[list[0].number] = literals.count } else { ids[list] = literals.count }
        literals.append(list)
        return Conjunction(id: literals.count - 1)
    }
}

/// What `$dynamicRef` finds, by the resources that were entered on the way.
///
/// The outermost resource that has an anchor of the name wins, so a scope is no list of resources but what each name
/// means by now: there are few, and recursion finds back to the same one.
struct DynamicScopes {
    /// For each name, the node; sorted by the order in which the names were met.
    private var scopes: [[Entry]] = [[]]
    private var ids: [[Entry]: Int] = [[]: 0]

    private struct Entry: Hashable {
        /// Nil for `$recursiveAnchor`, which has no name.
        let name: ProtocolWord?
        let node: Int
    }

    /// The scope behind the entrance to a resource.
    mutating func entering(_ resource: SchemaDocument.Resource, from scope: Int) -> Int {
        var entries = scopes[scope]
        for anchor in resource.dynamicAnchors where !entries.contains(where: { $0.name == anchor.name }) {
            entries.append(Entry(name: anchor.name, node: anchor.node))
        }
        if resource.isRecursive, !entries.contains(where: { $0.name == nil }) {
            entries.append(Entry(name: nil, node: resource.root))
        }
        guard entries.count != scopes[scope].count else { return scope }
        if let id = ids[entries] { return id }
        ids[entries] = scopes.count
        scopes.append(entries)
        return scopes.count - 1
    }

    func node(of name: ProtocolWord?, in scope: Int) -> Int? {
        scopes[scope].first { $0.name == name }?.node
    }
}
