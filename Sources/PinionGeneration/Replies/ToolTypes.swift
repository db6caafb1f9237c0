import PinionJSON
import TextGeneration

/// Types of JSON values.
struct JSONTypes: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let null = JSONTypes(rawValue: 1)
    static let boolean = JSONTypes(rawValue: 2)
    static let number = JSONTypes(rawValue: 4)
    static let string = JSONTypes(rawValue: 8)
    static let array = JSONTypes(rawValue: 16)
    static let object = JSONTypes(rawValue: 32)
    static let all: JSONTypes = [.null, .boolean, .number, .string, .array, .object]

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The type of a value.
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool: self = .boolean
        case .integer, .bigInteger, .decimal: self = .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    private static let names: [ProtocolWord: JSONTypes] = [
        "null": .null, "boolean": .boolean, "number": .number, "integer": .number, "string": .string, "array": .array,
        "object": .object,
    ]

    /// The type that a schema calls by a name, which may be a kind of it; all types for a name that is none.
    init(named name: String) {
        self = Self.names[ProtocolWord(name)] ?? .all
    }
}

/// How the arguments of tools are read where a value stands between marks without quotation marks.
struct ToolTypes: Sendable {
    /// Of one value between marks.
    static let valueLimits = JSONLimits(depth: ReplyLimits.depth, values: 1 << 20)
    /// Work that the schemas of one request may take: schemas, members, list items and bytes of names and references that
    /// are looked at. Beyond it a schema says nothing, so that no request makes the search longer than its text is.
    private static let budget = 1 << 20

    private let types: [ProtocolWord: [ProtocolWord: JSONTypes]]

    /// - Parameter tools: All tools of a request, which share the budget: a grammar and a reader that were made of other
    ///   lists could know different types.
    init(_ tools: [Tool] = []) {
        var types: [ProtocolWord: [ProtocolWord: JSONTypes]] = [:]
        var budget = Self.budget
        for tool in tools {
            // The only argument of a tool that takes a text.
            var found: [ProtocolWord: JSONTypes] = tool.takesText ? [ProtocolWord(Tool.textArgument): []] : [:]
            if case .arguments(.object(let schema)?, _) = tool.input {
                var reader = SchemaTypes(schema, budget: budget)
                for (name, allowed) in reader.properties() { found[name] = Self.readable(allowed) }
                budget = reader.budget
            }
            types[ProtocolWord(tool.name)] = found
        }
        self.types = types
    }

    /// The arguments of a tool of which something is known.
    func names(in tool: String) -> [ProtocolWord] { types[ProtocolWord(tool)].map { Array($0.keys) } ?? [] }

    /// The JSON types that an argument's value is read as. A value of another type is a text; with an empty set, every
    /// value is.
    func types(of argument: [UInt8], in tool: [UInt8]) -> JSONTypes {
        types(of: String(decoding: argument, as: UTF8.self), in: String(decoding: tool, as: UTF8.self))
    }

    func types(of argument: String, in tool: String) -> JSONTypes {
        types[ProtocolWord(tool)]?[ProtocolWord(argument)] ?? .all
    }

    /// - Parameter types: What a schema allows.
    private static func readable(_ types: JSONTypes) -> JSONTypes {
        if types == .string { return [] }
        // A value of a wrong type stays what it is.
        return types.contains(.string) ? types : .all
    }
}

/// Finds which types of JSON the members of an object may have, as far as a schema says it plainly.
private struct SchemaTypes {
    /// Schemas within each other that are looked at.
    private static let nesting = 8
    /// Schemas that are looked at in all: with branches in branches there are too many otherwise.
    private static let steps = 4_096

    private let root: JSONObject
    private var steps = 0
    /// Work that is left; see ``ToolTypes``.
    private(set) var budget: Int
    /// What each reference leads to; nil for one that leads nowhere.
    private var targets: [ProtocolWord: JSONValue?] = [:]

    init(_ root: JSONObject, budget: Int) {
        self.root = root
        self.budget = budget
    }

    /// Takes work from the budget, in front of the work.
    ///
    /// - Returns: Whether there was enough; there never is again once there was not.
    private mutating func spend(_ work: Int) -> Bool {
        budget = work <= budget ? budget - work : 0
        return budget > 0
    }

    /// The members that the root declares, in its references and the branches of `allOf`, too.
    mutating func properties() -> [ProtocolWord: JSONTypes] {
        var found: [ProtocolWord: JSONTypes] = [:]
        collect(.object(root), Self.nesting, &found)
        return found
    }

    private mutating func collect(_ schema: JSONValue, _ nesting: Int, _ found: inout [ProtocolWord: JSONTypes]) {
        guard let object = object(schema, nesting) else { return }
        if case .object(let properties)? = object["properties"] {
            for member in properties.members {
                guard spend(1 + member.name.utf8.count) else { return }
                let types = types(of: member.value, Self.nesting)
                found[ProtocolWord(member.name), default: .all].formIntersection(types)
            }
        }
        if case .array(let branches)? = object["allOf"] {
            for branch in branches where spend(1) { collect(branch, nesting - 1, &found) }
        }
        if let target = target(of: object) { collect(target, nesting - 1, &found) }
    }

    /// A schema that is looked at; nil where it says nothing, or too many were.
    private mutating func object(_ schema: JSONValue, _ nesting: Int) -> JSONObject? {
        steps += 1
        guard case .object(let object) = schema, nesting > 0, steps < Self.steps, spend(1 + object.members.count)
        else { return nil }
        return object
    }

    private mutating func types(of schema: JSONValue, _ nesting: Int) -> JSONTypes {
        guard let object = object(schema, nesting) else { return .all }
        var found = JSONTypes.all
        switch object["type"] {
        case .string(let name)?: found = types(named: name)
        case .array(let names)?:
            guard spend(names.count) else { return .all }
            found = []
            for case .string(let name) in names { found.formUnion(types(named: name)) }
        default: break
        }
        if case .array(let values)? = object["enum"], spend(values.count) {
            found.formIntersection(values.reduce(into: []) { $0.formUnion(JSONTypes($1)) })
        }
        if let value = object["const"] { found.formIntersection(JSONTypes(value)) }
        for name in ["anyOf", "oneOf"] {
            guard case .array(let branches)? = object[name] else { continue }
            var union: JSONTypes = []
            for branch in branches where union != .all { union.formUnion(types(of: branch, nesting - 1)) }
            found.formIntersection(union)
        }
        if case .array(let branches)? = object["allOf"] {
            for branch in branches where spend(1) { found.formIntersection(types(of: branch, nesting - 1)) }
        }
        if let target = target(of: object) { found.formIntersection(types(of: target, nesting - 1)) }
        return found
    }

    private mutating func types(named name: String) -> JSONTypes {
        spend(name.utf8.count) ? JSONTypes(named: name) : .all
    }

    /// What a schema refers to within the same document.
    private mutating func target(of schema: JSONObject) -> JSONValue? {
        guard case .string(let reference)? = schema["$ref"], spend(reference.utf8.count),
            reference.utf8.starts(with: "#".utf8)
        else { return nil }
        if let known = targets[ProtocolWord(reference)] { return known }
        let target = resolved(reference)
        targets[ProtocolWord(reference)] = .some(target)
        return target
    }

    private mutating func resolved(_ reference: String) -> JSONValue? {
        var value = JSONValue.object(root)
        for name in JSONPointer.tokens(of: String(reference.dropFirst())) {
            guard case .object(let object) = value, spend(object.members.count), let next = object[name]
            else { return nil }
            value = next
        }
        return value
    }
}

extension Tool {
    /// The one argument by which a model is told of a tool that takes a text.
    static let textArgument = "input"
}
