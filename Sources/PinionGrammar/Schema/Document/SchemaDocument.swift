import PinionJSON

/// A schema's text as a table of its subschemas.
///
/// Read in one pass over a list of what is still to be read, not by recursion: nesting costs no stack.
final class SchemaDocument {
    /// A schema with a URI of its own.
    struct Resource {
        let uri: URIReference
        let root: Int
        /// Anchors that a `$dynamicRef` may find, by name.
        var dynamicAnchors: [(name: ProtocolWord, node: Int)] = []
        var isRecursive = false
    }

    private struct AnchorKey: Hashable {
        let resource: Int
        let name: ProtocolWord
    }

    private(set) var nodes: [SchemaNode] = []
    private(set) var resources: [Resource] = []
    private var resourceIDs: [ProtocolWord: Int] = [:]
    private var anchors: [AnchorKey: Int] = [:]
    /// Nodes by their JSON pointers; empty until a reference needs one.
    private var locations: [ProtocolWord: Int] = [:]
    private var pending: [Int] = []

    /// Whether some reference depends on the way by which it was reached.
    private(set) var hasDynamicReferences = false
    private(set) var warnings: [SchemaGrammar.Warning] = []

    let root = 0
    let mode: SchemaGrammar.Mode

    init(_ schema: JSONValue, mode: SchemaGrammar.Mode) throws(GrammarError) {
        self.mode = mode
        resources.append(Resource(uri: URIReference(""), root: 0))
        resourceIDs[""] = 0
        _ = try add(schema, parent: nil, path: [])
        try readPending()
    }

    /// Adds a subschema, to be read later.
    func add(_ value: JSONValue, parent: SchemaNode?, path: [String]) throws(GrammarError) -> Int {
        let node = try append(value, parent: parent, path: path)
        pending.append(node.id)
        return node.id
    }

    /// Adds a node that is filled by its caller rather than read.
    func addDerived(from parent: SchemaNode) throws(GrammarError) -> SchemaNode {
        let node = try append(.null, parent: parent, path: [])
        node.isDerived = true
        return node
    }

    private func append(
        _ value: JSONValue, parent: SchemaNode?, path: [String]
    ) throws(GrammarError) -> SchemaNode {
        guard nodes.count < SchemaLimits.nodes else {
            throw GrammarError(.limit, "more than \(SchemaLimits.nodes) subschemas", pointer: parent?.pointer ?? "")
        }
        let node = SchemaNode(
            id: nodes.count, value: value, parent: parent, path: path, resource: parent?.resource ?? 0,
            draft: parent?.draft ?? .unspecified)
        nodes.append(node)
        return node
    }

    func readPending() throws(GrammarError) {
        var count = 0
        while let id = pending.popLast() {
            count += 1
            if count.isMultiple(of: 1_000), Task.isCancelled {
                throw GrammarError(.cancelled, "the translation was cancelled")
            }
            try SchemaReader.read(nodes[id], of: self)
            if !locations.isEmpty { locations[ProtocolWord(nodes[id].pointer)] = id }
        }
    }

    // MARK: - What the reader tells

    func begin(resource identifier: String, at node: SchemaNode) throws(GrammarError) {
        var uri = URIReference(identifier).resolved(against: resources[node.resource].uri)
        uri.fragment = nil
        let word = ProtocolWord(uri.resource)
        if node.id == root {
            resources[0] = Resource(uri: uri, root: 0)
            resourceIDs[word] = 0
            return
        }
        guard resourceIDs[word] == nil else {
            throw GrammarError(
                .invalid, "the URI '\(JSONValue.quoted(uri.resource))' belongs to another schema already",
                pointer: node.pointer + "/" + node.draft.identifier)
        }
        node.resource = resources.count
        resourceIDs[word] = resources.count
        resources.append(Resource(uri: uri, root: node.id))
    }

    func set(anchor: String, isDynamic: Bool, at node: SchemaNode) {
        let name = ProtocolWord(anchor)
        anchors[AnchorKey(resource: node.resource, name: name)] = node.id
        if isDynamic { resources[node.resource].dynamicAnchors.append((name, node.id)) }
    }

    func setRecursive(_ node: SchemaNode) { resources[node.resource].isRecursive = true }

    func noteDynamicReference() { hasDynamicReferences = true }

    /// Refuses what has no certain meaning; in lenient mode it is left out.
    func refuse(_ node: SchemaNode, _ keyword: SchemaKeyword, _ message: String) throws(GrammarError) {
        guard mode == .lenient else {
            throw GrammarError(.unsupported, message, pointer: node.pointer(to: keyword))
        }
        warn(node, keyword, "left out: " + message)
    }

    func warn(_ node: SchemaNode, _ keyword: SchemaKeyword, _ message: String) {
        warnings.append(.init(pointer: node.pointer(to: keyword), keyword: keyword.rawValue, message: message))
    }

    // MARK: - What references find

    func resource(_ uri: String) -> Int? { resourceIDs[ProtocolWord(uri)] }

    func anchor(_ name: String, in resource: Int) -> Int? {
        anchors[AnchorKey(resource: resource, name: ProtocolWord(name))]
    }

    /// The node at a JSON pointer below another, which may stand where no keyword puts a schema.
    func node(at pointer: String, below start: SchemaNode) throws(GrammarError) -> Int? {
        if locations.isEmpty { addLocations() }
        let whole = start.pointer + pointer
        if let known = locations[ProtocolWord(whole)] { return known }
        var node = start
        var tokens = JSONPointer.tokens(of: pointer)[...]
        var prefix = start.pointer
        for (index, token) in tokens.dropLast().enumerated() {
            prefix += "/" + SchemaNode.escaped(token)
            guard let known = locations[ProtocolWord(prefix)] else { continue }
            node = nodes[known]
            tokens = tokens.dropFirst(index + 1 - tokens.startIndex)
        }
        return try addNode(at: Array(tokens), below: node)
    }

    private func addLocations() {
        locations.reserveCapacity(nodes.count)
        // Each pointer continues the parent's, which has a lower number.
        var pointers: [String] = []
        pointers.reserveCapacity(nodes.count)
        for node in nodes {
            var pointer = node.parent.map { pointers[$0.id] } ?? ""
            for part in node.path {
                pointer += "/"
                pointer += SchemaNode.escaped(part)
            }
            pointers.append(pointer)
            if !node.isDerived { locations[ProtocolWord(pointer)] = node.id }
        }
    }

    /// Reads a schema that stands under a keyword which is none.
    private func addNode(at tokens: [String], below start: SchemaNode) throws(GrammarError) -> Int? {
        var value = start.value
        for token in tokens {
            switch value {
            case .object(let object):
                guard let member = object[token] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Int(token), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        let id = try add(value, parent: start, path: tokens)
        locations[ProtocolWord(nodes[id].pointer)] = id
        try readPending()
        return id
    }
}
