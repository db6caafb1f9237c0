import PinionJSON

/// Reads the keywords of one subschema, and adds the subschemas below it to the document.
///
/// Every keyword that the draft knows must have a value of its type; all others are annotations.
struct SchemaReader {
    let node: SchemaNode
    let document: SchemaDocument
    private(set) var keyword = SchemaKeyword.schema
    private(set) var value = JSONValue.null

    // Keywords that mean something together.
    var condition: (if: Int?, then: Int?, else: Int?)
    var dependents: [(name: ProtocolWord, schema: Int)] = []
    var dependencies: [(name: ProtocolWord, schema: Int)] = []
    var negation: Int?
    var exclusiveBounds: (minimum: Bool, maximum: Bool) = (false, false)

    static func read(_ node: SchemaNode, of document: SchemaDocument) throws(GrammarError) {
        switch node.value {
        case .bool(let verdict): node.verdict = verdict
        case .object(let object):
            var reader = SchemaReader(node: node, document: document)
            try reader.read(object)
        default:
            throw GrammarError(
                .invalid, "a schema is an object or a boolean, not \(node.value.typeName)", pointer: node.pointer)
        }
    }

    private init(node: SchemaNode, document: SchemaDocument) {
        self.node = node
        self.document = document
    }

    private mutating func read(_ object: JSONObject) throws(GrammarError) {
        try readIdentity(object)
        let reference = object[SchemaKeyword.reference.rawValue]
        let hidesSiblings = reference != nil && node.draft.ignoresSiblingsOfReferences
        for member in object.members {
            guard let keyword = SchemaKeyword.named(member.name) else { continue }
            self.keyword = keyword
            value = member.value
            if !node.draft.knows(keyword) {
                document.warn(node, keyword, "an annotation: the draft of this schema does not know the keyword")
            } else if !hidesSiblings || keyword == .reference || keyword == .oldDefinitions {
                try readKeyword()
            }
        }
        addSteps()
    }

    /// What decides how all other keywords are read, wherever it stands among them.
    private mutating func readIdentity(_ object: JSONObject) throws(GrammarError) {
        if case .string(let uri)? = object[SchemaKeyword.schema.rawValue] {
            if let draft = SchemaDraft(uri: uri) {
                node.draft = draft
            } else {
                try document.refuse(node, .schema, "the dialect '\(JSONValue.quoted(uri))' is not known")
            }
        }
        let hasReference = object[SchemaKeyword.reference.rawValue] != nil
        guard !(node.draft.ignoresSiblingsOfReferences && hasReference), let identifier = object[node.draft.identifier]
        else { return }
        if hasReference, node.draft == .unspecified, node.parent != nil {
            try document.refuse(
                node, .id, "'$id' beside '$ref' counts in some drafts and not in others, and there is no '$schema'")
        }
        guard case .string(let text) = identifier else {
            keyword = .id
            value = identifier
            throw wrongType("a URI reference in a string")
        }
        if text.utf8.first == UInt8(ascii: "#") {
            if node.draft.hasFragmentIdentifiers, text.utf8.count > 1 {
                document.set(anchor: String(text.unicodeScalars.dropFirst()), isDynamic: false, at: node)
            }
        } else {
            try document.begin(resource: text, at: node)
        }
    }

    private mutating func readKeyword() throws(GrammarError) {
        switch keyword {
        case .schema, .id: _ = try string()
        case .anchor: document.set(anchor: try string(), isDynamic: false, at: node)
        case .dynamicAnchor: document.set(anchor: try string(), isDynamic: true, at: node)
        case .recursiveAnchor: if try boolean() { document.setRecursive(node) }
        case .reference: node.steps.append(.reference(SchemaReference(keyword: keyword, text: try string())))
        case .dynamicReference, .recursiveReference:
            document.noteDynamicReference()
            node.steps.append(.reference(SchemaReference(keyword: keyword, text: try string())))
        case .definitions, .oldDefinitions: _ = try schemas()
        case .type: try readType()
        case .enum:
            guard case .array(let values) = value else { throw wrongType("an array") }
            node.constants.append((keyword, values))
        case .const: node.constants.append((keyword, [value]))
        case .allOf: node.steps.append(.all(try schemaList()))
        case .anyOf: node.steps.append(.any(try schemaList()))
        case .oneOf: node.steps.append(.one(try schemaList()))
        case .not: negation = try schema()
        case .if: condition.if = try schema()
        case .then: condition.then = try schema()
        case .else: condition.else = try schema()
        case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf: try readNumber()
        case .minLength, .maxLength, .pattern, .format: try readString()
        case .prefixItems, .items, .additionalItems, .unevaluatedItems, .contains, .minContains, .maxContains,
            .minItems, .maxItems, .uniqueItems:
            try readArray()
        default: try readObject()
        }
    }

    private mutating func readType() throws(GrammarError) {
        var types: TypeSet = []
        switch value {
        case .string(let name): types.formUnion(try self.type(name, at: ""))
        case .array(let names):
            for (index, name) in names.enumerated() {
                guard case .string(let name) = name else { throw wrongType("a string", at: "/\(index)", name) }
                types.formUnion(try self.type(name, at: "/\(index)"))
            }
        default: throw wrongType("a string or an array of strings")
        }
        node.types = types
    }

    private func type(_ name: String, at place: String) throws(GrammarError) -> TypeSet {
        if let types = TypeSet.named(name) { return types }
        throw GrammarError(
            .invalid, "'\(JSONValue.quoted(name))' is no type of JSON", pointer: node.pointer(to: keyword) + place)
    }

    /// Puts the steps into their order: members are declared by `properties` and by what is always looked at, in the
    /// order written, and then by conditions.
    private mutating func addSteps() {
        if node.steps.allSatisfy({ if case .assertions = $0 { false } else { true } }) {
            node.steps.insert(.assertions, at: 0)
        }
        if let test = condition.if {
            node.steps.append(.condition(if: test, then: condition.then, else: condition.else))
        }
        if !dependents.isEmpty { node.steps.append(.dependents(.dependentSchemas, dependents)) }
        if !dependencies.isEmpty { node.steps.append(.dependents(.dependencies, dependencies)) }
        if let negation { node.steps.append(.not(negation)) }
        if exclusiveBounds.minimum { sharpen(.minimum) }
        if exclusiveBounds.maximum { sharpen(.maximum) }
    }
}

// MARK: - Values of keywords

extension SchemaReader {
    func wrongType(_ expected: String, at place: String = "", _ found: JSONValue? = nil) -> GrammarError {
        GrammarError(
            .invalid, "'\(keyword.rawValue)' takes \(expected), not \((found ?? value).typeName)",
            pointer: node.pointer(to: keyword) + place)
    }

    func string() throws(GrammarError) -> String {
        guard case .string(let text) = value else { throw wrongType("a string") }
        return text
    }

    func boolean() throws(GrammarError) -> Bool {
        guard case .bool(let flag) = value else { throw wrongType("a boolean") }
        return flag
    }

    /// A number that is whole and not negative, however it is written.
    func count() throws(GrammarError) -> Int {
        switch value {
        case .integer(let number) where number >= 0: return Int(number)
        case .bigInteger(let digits) where digits.utf8.first != UInt8(ascii: "-"): return Int.max
        case .decimal(let number) where number >= 0 && number.rounded() == number:
            return Int(exactly: number) ?? Int.max
        case .integer, .bigInteger, .decimal:
            throw GrammarError(
                .invalid, "'\(keyword.rawValue)' takes a whole number that is not negative",
                pointer: node.pointer(to: keyword))
        default: throw wrongType("a whole number")
        }
    }

    func schema() throws(GrammarError) -> Int {
        try document.add(value, parent: node, path: [keyword.rawValue])
    }

    func schemaList() throws(GrammarError) -> [Int] {
        guard case .array(let elements) = value else { throw wrongType("an array of schemas") }
        if elements.isEmpty, keyword != .prefixItems, keyword != .items {
            throw GrammarError(
                .invalid, "'\(keyword.rawValue)' takes at least one schema", pointer: node.pointer(to: keyword))
        }
        var nodes: [Int] = []
        for (index, element) in elements.enumerated() {
            nodes.append(try document.add(element, parent: node, path: [keyword.rawValue, String(index)]))
        }
        return nodes
    }

    func schemas() throws(GrammarError) -> [(name: ProtocolWord, schema: Int)] {
        guard case .object(let object) = value else { throw wrongType("an object of schemas") }
        var nodes: [(name: ProtocolWord, schema: Int)] = []
        for member in object.members {
            let schema = try document.add(member.value, parent: node, path: [keyword.rawValue, member.name])
            nodes.append((ProtocolWord(member.name), schema))
        }
        return nodes
    }

    func names(in value: JSONValue, at place: String = "") throws(GrammarError) -> [ProtocolWord] {
        guard case .array(let elements) = value else { throw wrongType("an array of names", at: place, value) }
        var names: [ProtocolWord] = []
        var seen: Set<ProtocolWord> = []
        for (index, element) in elements.enumerated() {
            guard case .string(let name) = element else {
                throw wrongType("names in strings", at: "\(place)/\(index)", element)
            }
            if seen.insert(ProtocolWord(name)).inserted { names.append(ProtocolWord(name)) }
        }
        return names
    }
}
