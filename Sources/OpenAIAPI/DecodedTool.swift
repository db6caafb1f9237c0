import PinionJSON
import TextGeneration

/// A tool as it was read, and where its parts stand in the body.
struct DecodedTool {
    let tool: Tool
    let namePath: String
    /// Of the schema or grammar that says what the tool takes.
    let inputPath: String

    var isCustom: Bool { tool.takesText }

    /// Reads an entry of `tools`.
    init(_ entry: FieldReader, type: String) throws(APIError) {
        switch ProtocolWord(type) {
        case "function":
            try ForeignField.refuseUnknown(besides: ["type", "function"], in: entry)
            try self.init(function: entry.requiredNested("function"), isOld: false)
        case "custom":
            try ForeignField.refuseUnknown(besides: ["type", "custom"], in: entry)
            try self.init(custom: entry.requiredNested("custom"))
        default:
            throw .invalidValue(entry.path(of: "type"), got: type, supported: ["function", "custom"])
        }
    }

    /// Reads `{name, description, parameters, strict}`; OpenAI's older spelling knows no `strict`.
    init(function: FieldReader, isOld: Bool) throws(APIError) {
        let known: Set<ProtocolWord> = ["name", "description", "parameters"]
        try function.refuseUnknown(isOld ? known : known.union(["strict"]))
        namePath = function.path(of: "name")
        inputPath = function.path(of: "parameters")
        let name = try Self.name(function)
        let parameters = try function.nested("parameters").map { JSONValue.object($0.object) }
        tool = Tool(
            name: name, description: try function.string("description"), parameters: parameters,
            isStrict: isOld ? false : try function.boolean("strict") ?? false)
    }

    /// Reads `{name, description, format}`.
    private init(custom: FieldReader) throws(APIError) {
        try custom.refuseUnknown(["name", "description", "format"])
        namePath = custom.path(of: "name")
        let name = try Self.name(custom)
        let format = try CustomToolFormat(custom)
        inputPath = format.path
        tool = Tool(name: name, description: try custom.string("description"), input: .text(format.format))
    }

    private static func name(_ fields: FieldReader) throws(APIError) -> String {
        let name = try fields.requiredString("name")
        try NameRule.tool.check(name, at: fields.path(of: "name"))
        return name
    }
}

/// What a custom tool takes: any text, or one that a pattern or grammar describes.
struct CustomToolFormat {
    private enum Kind: String, CaseIterable {
        case text, grammar
    }

    private enum Syntax: String, CaseIterable {
        case lark, regex
    }

    let format: OutputFormat
    let path: String

    /// - Parameter tool: The object whose `format` is read; without one the tool takes any text.
    init(_ tool: FieldReader) throws(APIError) {
        guard let fields = try tool.nested("format") else {
            (format, path) = (.text, tool.path(of: "format"))
            return
        }
        switch try fields.requiredWord("type", as: Kind.self) {
        case .text:
            try fields.refuseUnknown(["type"])
            (format, path) = (.text, fields.path)
        case .grammar:
            try fields.refuseUnknown(["type", "grammar"])
            let grammar = try fields.requiredNested("grammar")
            try grammar.refuseUnknown(["syntax", "definition"])
            let syntax = try grammar.requiredWord("syntax", as: Syntax.self)
            let definition = try grammar.requiredString("definition")
            path = grammar.path(of: "definition")
            switch syntax {
            case .regex: format = .pattern(definition)
            case .lark:
                guard !definition.isEmpty else {
                    throw .invalidValue(
                        path, "empty string. Expected a string with minimum length 1, but got an empty string instead.")
                }
                format = .grammar(definition, .lark)
            }
        }
    }
}
