import PinionJSON
import PinionWire
import TextGeneration

/// A tool as it was read, and where its parts stand in the body.
struct DecodedTool {
    var tool: Tool
    let namePath: String
    /// Of the schema or grammar that says what the tool takes.
    let inputPath: String

    var isCustom: Bool { tool.takesText }

    /// Reads an entry of `tools`.
    init(_ entry: FieldReader, type: String) throws(APIError) {
        switch ProtocolWord(type) {
        case "function":
            try ForeignField.refuseUnknown(besides: ["type", "function"], and: ForeignField.hints, in: entry)
            try self.init(function: entry.requiredNested("function"), isOld: false)
        case "custom":
            try ForeignField.refuseUnknown(besides: ["type", "custom"], and: ForeignField.hints, in: entry)
            try self.init(custom: entry.requiredNested("custom"))
        default:
            throw .invalidValue(entry.path(of: "type"), got: type, supported: ["function", "custom"])
        }
    }

    /// Reads a tool whose fields stand beside its type, as in the Responses route.
    ///
    /// - Parameter supported: What an error of the type lists.
    init(flat entry: FieldReader, type: String, supported: [String]) throws(APIError) {
        for field in ForeignField.toolTable { try field.check(in: entry) }
        let beside = Set(["type"]).union(ForeignField.toolTable.map { ProtocolWord($0.name) })
        switch ProtocolWord(type) {
        case "function": try self.init(function: entry, isOld: false, beside: beside)
        case "custom": try self.init(custom: entry, isFlat: true, beside: beside)
        default: throw .invalidValue(entry.path(of: "type"), got: type, supported: supported)
        }
    }

    /// Reads `{name, description, parameters, strict}`; OpenAI's older spelling knows no `strict`.
    ///
    /// - Parameter beside: Further fields that the object may have.
    init(function: FieldReader, isOld: Bool, beside: Set<ProtocolWord> = []) throws(APIError) {
        let known = beside.union(["name", "description", "parameters"])
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
    private init(custom: FieldReader, isFlat: Bool = false, beside: Set<ProtocolWord> = []) throws(APIError) {
        try custom.refuseUnknown(beside.union(["name", "description", "format"]))
        namePath = custom.path(of: "name")
        let name = try Self.name(custom)
        let format = try CustomToolFormat(custom, isFlat: isFlat)
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

    /// - Parameters:
    ///   - tool: The object whose `format` is read; without one the tool takes any text.
    ///   - isFlat: Whether syntax and definition stand beside the type, and not in an object of their own.
    init(_ tool: FieldReader, isFlat: Bool) throws(APIError) {
        guard let fields = try tool.nested("format") else {
            (format, path) = (.text, tool.path(of: "format"))
            return
        }
        switch try fields.requiredWord("type", as: Kind.self) {
        case .text:
            try fields.refuseUnknown(["type"])
            (format, path) = (.text, fields.path)
        case .grammar:
            let grammar = isFlat ? fields : try fields.requiredNested("grammar")
            try fields.refuseUnknown(isFlat ? ["type", "syntax", "definition"] : ["type", "grammar"])
            if !isFlat { try grammar.refuseUnknown(["syntax", "definition"]) }
            let syntax = try grammar.requiredWord("syntax", as: Syntax.self)
            let definition = try grammar.requiredString("definition")
            path = grammar.path(of: "definition")
            switch syntax {
            case .regex: format = .pattern(definition)
            case .lark:
                guard !definition.isEmpty else {
                    throw .emptyString(path)
                }
                format = .grammar(definition, .lark)
            }
        }
    }
}
