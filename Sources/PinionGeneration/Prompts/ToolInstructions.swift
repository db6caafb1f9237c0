import PinionJSON
import TextGeneration

/// What a model is told of tools whose template knows none, and how calls and results are then written.
enum ToolInstructions {
    /// - Parameter format: How the model writes calls, which the text shows by an example. nil, and a format that
    ///   ``CallText`` does not write, leave it out: a model that was told another form would write calls that nothing reads.
    static func text(of tools: [Tool], _ format: CallFormat?) -> String {
        var writer = JSONWriter()
        for tool in tools {
            writer.value(tool.declaration)
            writer.raw("\n")
        }
        return """
            You may call functions to help the user. These are the functions, one JSON object a line, between tags:
            <tools>
            \(String(decoding: writer.bytes, as: UTF8.self))</tools>
            \(form(format))The result of each call is given to you in a later message.
            """
    }

    private static func form(_ format: CallFormat?) -> String {
        guard let format, let writer = CallText(format, custom: []) else { return "" }
        let example = writer.text(of: [ToolCall(id: "", name: "NAME", arguments: #"{"ARGUMENT": "VALUE"}"#)])
        let words =
            format.isInLines
            ? "answer with a block like this, with a call on each line of it:" : "answer like this:"
        return "To call a function, \(words)\n\(example)\n"
    }

    static func result(_ text: String) -> String { "<tool_response>\n\(text)\n</tool_response>" }
}

extension Tool {
    /// The tool as OpenAI's dialect and all templates write it.
    var declaration: JSONValue {
        .object(
            JSONObject([.init(name: "type", value: "function"), .init(name: "function", value: function)]))
    }

    /// Name, description and parameters, without the type around them.
    var function: JSONValue {
        var function = [JSONObject.Member(name: "name", value: .string(name))]
        // Templates write a text wherever they find the name of one.
        function.append(.init(name: "description", value: .string(description ?? "")))
        switch input {
        case .arguments(let schema, _):
            let none = JSONValue.object(
                JSONObject([
                    .init(name: "type", value: "object"), .init(name: "properties", value: .object(JSONObject())),
                ]))
            function.append(.init(name: "parameters", value: schema ?? none))
        case .text(let format):
            let text = JSONValue.object(
                JSONObject([
                    .init(name: "type", value: "string"),
                    .init(name: "description", value: .string(Self.description(of: format))),
                ]))
            function.append(
                .init(
                    name: "parameters",
                    value: .object(
                        JSONObject([
                            .init(name: "type", value: "object"),
                            .init(
                                name: "properties",
                                value: .object(JSONObject([.init(name: Self.textArgument, value: text)]))),
                            .init(name: "required", value: .array([.string(Self.textArgument)])),
                        ]))))
        }
        return .object(JSONObject(function))
    }

    /// The tool for templates that refuse a list of types, as Hermes' does: the list is `anyOf`, which says the same.
    var withSingleTypes: Tool {
        guard case .arguments(let schema?, let isStrict) = input else { return self }
        var tool = self
        let single = SchemaPlaces.mapped(schema) { object in
            guard object["anyOf"] == nil,
                let place = object.members.firstIndex(where: { ProtocolWord($0.name) == "type" }),
                case .array(let types) = object.members[place].value
            else { return }
            let schemas = types.map { JSONValue.object(JSONObject([.init(name: "type", value: $0)])) }
            object.members[place] = .init(name: "anyOf", value: .array(schemas))
        }
        tool.input = .arguments(schema: single, isStrict: isStrict)
        return tool
    }

    private static func description(of format: OutputFormat) -> String {
        switch format {
        case .pattern(let pattern): "A text that this regular expression matches: \(pattern)"
        case .grammar(let grammar, .lark): "A text of this Lark grammar:\n\(grammar)"
        case .grammar(let grammar, .gbnf): "A text of this GBNF grammar:\n\(grammar)"
        default: "A text"
        }
    }
}
