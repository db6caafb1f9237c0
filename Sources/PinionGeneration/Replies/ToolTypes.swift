import PinionJSON
import TextGeneration

/// Types of JSON values.
struct JSONTypes: OptionSet, Sendable {
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
    /// Schemas within each other that are looked at for a type.
    private static let nesting = 8

    private let types: [ProtocolWord: [ProtocolWord: JSONTypes]]

    init(_ tools: [Tool] = []) {
        var types: [ProtocolWord: [ProtocolWord: JSONTypes]] = [:]
        for tool in tools {
            guard case .arguments(.object(let schema)?, _) = tool.input,
                case .object(let properties)? = schema["properties"]
            else {
                // The only argument of a tool that takes a text.
                if tool.takesText { types[ProtocolWord(tool.name)] = [ProtocolWord(Tool.textArgument): []] }
                continue
            }
            var found: [ProtocolWord: JSONTypes] = [:]
            for member in properties.members {
                found[ProtocolWord(member.name)] = Self.readable(Self.types(of: member.value, in: schema, Self.nesting))
            }
            types[ProtocolWord(tool.name)] = found
        }
        self.types = types
    }

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

    private static func types(of schema: JSONValue, in root: JSONObject, _ nesting: Int) -> JSONTypes {
        guard case .object(let object) = schema, nesting > 0 else { return .all }
        func types(_ value: JSONValue) -> JSONTypes { Self.types(of: value, in: root, nesting - 1) }
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
            found.formIntersection(branches.reduce(into: []) { $0.formUnion(types($1)) })
        }
        if case .array(let branches)? = object["allOf"] {
            for branch in branches { found.formIntersection(types(branch)) }
        }
        if case .string(let reference)? = object["$ref"], let target = resolve(reference, in: root) {
            found.formIntersection(types(target))
        }
        return found
    }

    private static func resolve(_ reference: String, in root: JSONObject) -> JSONValue? {
        guard reference.utf8.starts(with: "#/".utf8) else { return nil }
        var value = JSONValue.object(root)
        for part in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            guard case .object(let object) = value else { return nil }
            guard let next = object[unescaped(part)] else { return nil }
            value = next
        }
        return value
    }

    /// A part of a JSON pointer, `~1` standing for `/` and `~0` for `~` (RFC 6901).
    private static func unescaped(_ part: Substring) -> String {
        part.split(separator: "~1", omittingEmptySubsequences: false)
            .map { $0.split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~") }
            .joined(separator: "/")
    }
}

extension Tool {
    /// The one argument by which a model is told of a tool that takes a text.
    static let textArgument = "input"
}
