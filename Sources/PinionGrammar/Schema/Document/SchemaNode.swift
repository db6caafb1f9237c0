import PinionJSON

/// One subschema: its keywords, read and checked, and where it stands.
///
/// A class, because shapes and tables refer to nodes that are still being read; filled by ``SchemaReader`` alone, and
/// constant from then on.
final class SchemaNode {
    let id: Int
    let value: JSONValue
    let parent: SchemaNode?
    /// Names and indices that lead here from the parent.
    let path: [String]
    /// Index of the resource, a schema with a URI of its own, that the node belongs to.
    var resource: Int
    var draft: SchemaDraft

    /// What a boolean schema says.
    var verdict: Bool?
    /// What the node asserts of the value itself, in the order in which names are declared.
    var steps: [SchemaStep] = []
    var types: TypeSet?
    var constants: [(keyword: SchemaKeyword, values: [JSONValue])] = []
    var number: NumberAssertions?
    var string: StringAssertions?
    var array: ArrayAssertions?
    var object: ObjectAssertions?
    /// Whether the node was made of others rather than read.
    var isDerived = false
    /// Of a derived node: it is satisfied by what satisfies one of these.
    var alternatives: [Literal]?

    init(
        id: Int, value: JSONValue, parent: SchemaNode?, path: [String], resource: Int, draft: SchemaDraft
    ) {
        self.id = id
        self.value = value
        self.parent = parent
        self.path = path
        self.resource = resource
        self.draft = draft
    }

    /// Where the node stands in the document, as a JSON pointer.
    var pointer: String {
        var parts: [String] = []
        var node: SchemaNode? = self
        while let current = node {
            parts += current.path.reversed()
            node = current.parent
        }
        return parts.reversed().map { "/" + Self.escaped($0) }.joined()
    }

    func pointer(to keyword: SchemaKeyword) -> String { pointer + "/" + keyword.rawValue }

    /// A name as a token of a JSON pointer.
    static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var text = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// Something that a schema says of a value as a whole.
enum SchemaStep {
    /// The keywords that look at the value's own type, without those that have a step each.
    case assertions
    case reference(SchemaReference)
    case all([Int])
    case any([Int])
    case one([Int])
    case not(Int)
    case condition(if: Int, then: Int?, else: Int?)
    /// Schemas of objects that have a member of the name.
    case dependents(SchemaKeyword, [(name: ProtocolWord, schema: Int)])
}

/// A reference as it is written.
struct SchemaReference {
    let keyword: SchemaKeyword
    let text: String
}

struct NumberAssertions {
    var bounds: [(keyword: SchemaKeyword, range: NumberRange)] = []
    var multipleOf: DecimalNumber?
}

struct StringAssertions {
    var minimumLength: Int?
    var maximumLength: Int?
    var pattern: String?
    var format: String?
}

struct ArrayAssertions {
    var prefix: [Int] = []
    /// The keyword that holds the prefix: `prefixItems` or `items`.
    var prefixKeyword = SchemaKeyword.prefixItems
    /// The elements behind the prefix.
    var rest: Int?
    var restKeyword = SchemaKeyword.items
    var contained: Int?
    var minimumContained: Int?
    var maximumContained: Int?
    var minimum: Int?
    var maximum: Int?
    var isUnique = false
    var unevaluated: Int?
}

struct ObjectAssertions {
    var properties: [(name: ProtocolWord, schema: Int)] = []
    var patterns: [(text: String, schema: Int)] = []
    var additional: Int?
    var names: Int?
    var required: [ProtocolWord] = []
    var minimum: Int?
    var maximum: Int?
    var dependents: [(name: ProtocolWord, required: [ProtocolWord], keyword: SchemaKeyword)] = []
    var unevaluated: Int?

    /// Whether the object says which members it may have.
    var hasLayer: Bool { !properties.isEmpty || !patterns.isEmpty || additional != nil }
}
