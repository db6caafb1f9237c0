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

    private let types: [ProtocolWord: [ProtocolWord: JSONTypes]]

    init(_ tools: [Tool] = []) {
        var types: [ProtocolWord: [ProtocolWord: JSONTypes]] = [:]
        for tool in tools {
            // The only argument of a tool that takes a text.
            var found: [ProtocolWord: JSONTypes] = tool.takesText ? [ProtocolWord(Tool.textArgument): []] : [:]
            if case .arguments(.object(let schema)?, _) = tool.input {
                var reader = SchemaTypes(schema)
                for (name, allowed) in reader.properties() { found[name] = Self.readable(allowed) }
            }
            types[ProtocolWord(tool.name)] = found
        }
        self.types = types
    }

    /// The arguments of a tool of which something is known.
    func names(in tool: String) -> [ProtocolWord] { types[ProtocolWord(tool)].map { Array($0.keys) } ?? [] }

    /// The types of JSON that an argument's value is read as; any other value is a text, and so is every value where there
    /// are none.
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

    init(_ root: JSONObject) {
        self.root = root
    }

    /// The members that the root declares, in its references and the branches of `allOf`, too.
    mutating func properties() -> [ProtocolWord: JSONTypes] {
        var found: [ProtocolWord: JSONTypes] = [:]
        collect(.object(root), Self.nesting, &found)
        return found
    }

    private mutating func collect(_ schema: JSONValue, _ nesting: Int, _ found: inout [ProtocolWord: JSONTypes]) {
        steps += 1
        guard case .object(let object) = schema, nesting > 0, steps < Self.steps else { return }
        if case .object(let properties)? = object["properties"] {
            for member in properties.members {
                let types = types(of: member.value, Self.nesting)
                found[ProtocolWord(member.name), default: .all].formIntersection(types)
            }
        }
        if case .array(let branches)? = object["allOf"] {
            for branch in branches { collect(branch, nesting - 1, &found) }
        }
        if let target = target(of: object) { collect(target, nesting - 1, &found) }
    }

    private mutating func types(of schema: JSONValue, _ nesting: Int) -> JSONTypes {
        steps += 1
        guard case .object(let object) = schema, nesting > 0, steps < Self.steps else { return .all }
        var found = JSONTypes.all
        switch object["type"] {
        case .string(let name)?: found = JSONTypes(named: name)
        case .array(let names)?:
            found = []
            for case .string(let name) in names { found.formUnion(JSONTypes(named: name)) }
        default: break
        }
        if case .array(let values)? = object["enum"] {
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
            for branch in branches { found.formIntersection(types(of: branch, nesting - 1)) }
        }
        if let target = target(of: object) { found.formIntersection(types(of: target, nesting - 1)) }
        return found
    }

    /// What a schema refers to within the same document.
    private func target(of schema: JSONObject) -> JSONValue? {
        guard case .string(let reference)? = schema["$ref"], reference.utf8.starts(with: "#".utf8) else { return nil }
        var value = JSONValue.object(root)
        for name in JSONPointer.tokens(of: String(reference.dropFirst())) {
            guard case .object(let object) = value, let next = object[name] else { return nil }
            value = next
        }
        return value
    }
}

extension Tool {
    /// The one argument by which a model is told of a tool that takes a text.
    static let textArgument = "input"
}
