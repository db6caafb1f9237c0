import PinionGrammar
import PinionJSON
import TextGeneration

/// What a tool takes, as an object and as its arguments one by one.
struct ToolSchema {
    struct Argument {
        let name: String
        /// With the definitions that it refers to.
        let schema: JSONValue
        let kind: ToolTypes.Kind
        let isRequired: Bool
        let isStrict: Bool
        /// The texts that it may be, where they are listed.
        let choices: [[UInt8]]?
    }

    private let schema: JSONObject
    private let isStrict: Bool
    private let isText: Bool

    /// - Throws: ``GrammarError`` of `invalid` when the arguments are no object.
    init(_ schema: JSONValue?, isStrict: Bool = false) throws(GrammarError) {
        self.isStrict = isStrict
        isText = false
        switch schema {
        case nil: self.schema = JSONObject([.init(name: "additionalProperties", value: .bool(false))])
        case .object(let object)?:
            if let type = object["type"], type != "object" {
                throw GrammarError(.invalid, "the arguments of a tool are an object", pointer: "/type")
            }
            self.schema = object
        case .bool(true)?: self.schema = JSONObject([])
        default: throw GrammarError(.invalid, "the schema of a tool's arguments is an object", pointer: "")
        }
    }

    private init(isText: Bool) {
        schema = JSONObject([])
        isStrict = false
        self.isText = isText
    }

    init(_ tool: Tool) throws(GrammarError) {
        switch tool.input {
        case .arguments(let schema, let isStrict): try self.init(schema, isStrict: isStrict)
        case .text: self.init(isText: true)
        }
    }

    /// The schema of all arguments together.
    var object: JSONValue {
        guard schema["type"] == nil else { return .object(schema) }
        return .object(JSONObject(schema.members + [.init(name: "type", value: "object")]))
    }

    /// The declared arguments, in their order.
    var arguments: [Argument] {
        if isText {
            return [
                Argument(
                    name: Tool.textArgument, schema: .bool(true), kind: .text, isRequired: true, isStrict: false,
                    choices: nil)
            ]
        }
        guard case .object(let properties)? = schema["properties"] else { return [] }
        var required: Set<ProtocolWord> = []
        if case .array(let names)? = schema["required"] {
            for case .string(let name) in names { required.insert(ProtocolWord(name)) }
        }
        let shared: Set<ProtocolWord> = ["$defs", "definitions", "$schema"]
        let definitions = schema.members.filter { shared.contains(ProtocolWord($0.name)) }
        return properties.members.map { member in
            let schema = JSONObject(definitions + [.init(name: "allOf", value: .array([member.value]))])
            return Argument(
                name: member.name, schema: .object(schema),
                kind: ToolTypes.kind(of: member.value, in: self.schema, ToolTypes.nesting),
                isRequired: required.contains(ProtocolWord(member.name)), isStrict: isStrict,
                choices: Self.choices(of: member.value))
        }
    }

    private static func choices(of schema: JSONValue) -> [[UInt8]]? {
        guard case .object(let object) = schema else { return nil }
        if case .string(let text)? = object["const"] { return [Array(text.utf8)] }
        guard case .array(let values)? = object["enum"] else { return nil }
        var texts: [[UInt8]] = []
        for case .string(let text) in values { texts.append(Array(text.utf8)) }
        return texts.isEmpty ? nil : texts
    }
}
