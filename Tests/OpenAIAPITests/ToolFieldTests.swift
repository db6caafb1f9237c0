import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("The tools of a request")
struct ToolFieldTests {
    /// Two functions and a custom tool.
    static let tools = #"""
        "tools":[{"type":"function","function":{"name":"weather"}},{"type":"function","function":{"name":"srv.mcp:a/b-C_9"}},
        {"type":"custom","custom":{"name":"shell"}}]
        """#

    private static func parsed(_ text: String) throws -> JSONValue {
        try JSONValue.parse(Array(text.utf8), limits: .body)
    }

    private static func conversation(_ fields: String) throws -> Conversation {
        try decodeRequest(fields).generation.conversation
    }

    // MARK: What is read

    @Test("A function is read with everything that it says")
    func function() throws {
        let schema = #"{"type":"object","properties":{"b":{},"a":{}}}"#
        let fields = #"""
            "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":\#(schema),"strict":true}},
            {"type":"function","function":{"name":"g","description":null,"parameters":null,"strict":null}},
            {"function":{"name":"h","parameters":{}},"type":"function","cache_control":{"type":"ephemeral"}}]
            """#
        let request = try decodeRequest(fields)
        #expect(
            try request.generation.conversation.tools == [
                Tool(name: "f", description: "d", parameters: Self.parsed(schema), isStrict: true),
                Tool(name: "g"), Tool(name: "h", parameters: .object(JSONObject())),
            ])
        #expect(request.paths.tools == (0..<3).map { "tools[\($0)].function.parameters" })
        #expect(request.generation.conversation.toolChoice == .auto)
        #expect(request.generation.conversation.allowsParallelToolCalls)
        #expect(!request.usesFunctions && request.warnings.isEmpty)
    }

    @Test("A custom tool takes any text, a pattern or a grammar")
    func custom() throws {
        func grammar(_ syntax: String, _ definition: String) -> String {
            #"{"type":"grammar","grammar":{"syntax":"\#(syntax)","definition":"\#(definition)"}}"#
        }
        let formats: [(String, OutputFormat, String)] = [
            ("null", .text, "format"), (#"{"type":"text"}"#, .text, "format"),
            (grammar("regex", "a+"), .pattern("a+"), "format.grammar.definition"),
            (grammar("regex", ""), .pattern(""), "format.grammar.definition"),
            // Lark although a line looks like GBNF: the client says which it is.
            (grammar("lark", "root ::= b"), .grammar("root ::= b", .lark), "format.grammar.definition"),
        ]
        for (text, format, path) in formats {
            let request = try decodeRequest(
                #""tools":[{"type":"custom","custom":{"name":"c","description":"d","format":\#(text)}}]"#)
            #expect(
                request.generation.conversation.tools == [Tool(name: "c", description: "d", input: .text(format))])
            #expect(request.paths.tools == ["tools[0].custom.\(path)"])
        }
    }

    @Test("A hosted tool is left out with a warning, whatever it says, and the places of the others stay right")
    func hosted() throws {
        let request = try decodeRequest(
            #"""
            "tools":[{"type":"web_search","external_web_access":false},{"type":"function","function":{"name":"f"}},
            {"type":"mcp","server_label":"s"},{"type":"custom","custom":{"name":"c"}}]
            """#)
        #expect(request.generation.conversation.tools.map(\.name) == ["f", "c"])
        #expect(request.paths.tools == ["tools[1].function.parameters", "tools[3].custom.format"])
        #expect(request.warnings.map(\.pointer) == ["/tools/0", "/tools/2"])
        #expect(request.warnings.map(\.keyword) == ["tools", "tools"])
        #expect(request.warnings[0].message.contains("'web_search'") && request.warnings[1].message.contains("'mcp'"))
    }

    @Test(
        "Every hosted tool is known, and is no choice",
        arguments: [
            "web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11",
            "code_interpreter", "file_search", "image_generation", "computer_use_preview", "mcp",
            "programmatic_tool_calling",
        ])
    func hostedTypes(_ type: String) throws {
        let request = try decodeRequest(
            #""tools":[{"type":"\#(type)"}],"tool_choice":"auto","parallel_tool_calls":true"#)
        #expect(request.generation.conversation.tools.isEmpty && request.warnings.count == 1)
        for choice in [#""required""#, #"{"type":"\#(type)"}"#] {
            let error = requestError(#""tools":[{"type":"\#(type)"}],"tool_choice":\#(choice)"#)
            #expect(error?.status == 400 && error?.param?.hasPrefix("tool_choice") == true)
        }
    }

    @Test("512 tools are taken, and not one more")
    func count() throws {
        func fields(_ name: String, _ count: Int, _ tool: (Int) -> String) -> String {
            "\"\(name)\":[" + (0..<count).map(tool).joined(separator: ",") + "]"
        }
        let new: (Int) -> String = { #"{"type":"function","function":{"name":"f\#($0)"}}"# }
        let old: (Int) -> String = { #"{"name":"f\#($0)"}"# }
        #expect(try Self.conversation(fields("tools", 512, new)).tools.count == 512)
        #expect(try Self.conversation(fields("functions", 512, old)).tools.count == 512)
        for (name, tool) in [("tools", new), ("functions", old)] {
            let error = requestError(fields(name, 513, tool))
            #expect(error?.code == "invalid_value" && error?.param == name)
            #expect(error?.message.contains("maximum length 512, but got an array with length 513") == true)
        }
    }

    @Test("A name of 128 letters is taken, one of 129 is not")
    func longNames() throws {
        func fields(_ length: Int) -> String {
            #""tools":[{"type":"function","function":{"name":"\#(String(repeating: "n", count: length))"}}]"#
        }
        #expect(try Self.conversation(fields(128)).tools[0].name.utf8.count == 128)
        #expect(requestError(fields(129))?.param == "tools[0].function.name")
    }

    @Test("Unknown fields of tools and choices pass where the server allows them")
    func unknownAllowed() throws {
        let body = requestBody(
            #"""
            "tools":[{"type":"function","cache_control":{},"function":{"name":"f","defer":1}},
            {"type":"custom","x":1,"custom":{"name":"c","x":1,"format":{"type":"text","x":1}}}],
            "tool_choice":{"type":"function","x":1,"function":{"name":"f","x":1}}
            """#)
        let request = try ChatCompletionRequest.decode(body, options: .init(allowsUnknownFields: true))
        #expect(request.generation.conversation.tools.count == 2)
        #expect(request.generation.conversation.toolChoice == .named("f"))
    }

    // MARK: Choices

    static let choices: [(String, ToolChoice)] = [
        ("null", .auto), (#""auto""#, .auto), (#""none""#, .none), (#""required""#, .required),
        (#"{"type":"function","function":{"name":"weather"}}"#, .named("weather")),
        (#"{"type":"custom","custom":{"name":"shell"}}"#, .named("shell")),
        (
            #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"weather"}}]}}"#,
            .allowed(["weather"], isRequired: false)
        ),
        (
            #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"custom","custom":{"name":"shell"}},"#
                + #"{"type":"function","function":{"name":"weather"}},{"type":"custom","custom":{"name":"shell"}},"#
                + #"{"type":"web_search"}]}}"#,
            .allowed(["shell", "weather"], isRequired: true)
        ),
        (#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"web_search"}]}}"#, .none),
    ]

    @Test("Every choice arrives", arguments: choices)
    func choice(_ text: String, _ choice: ToolChoice) throws {
        #expect(try Self.conversation(Self.tools + #","tool_choice":\#(text)"#).toolChoice == choice)
    }

    @Test("Parallel calls can be forbidden")
    func parallel() throws {
        #expect(try !Self.conversation(Self.tools + #","parallel_tool_calls":false"#).allowsParallelToolCalls)
        #expect(try Self.conversation(Self.tools + #","parallel_tool_calls":true"#).allowsParallelToolCalls)
    }

    // MARK: Errors

    @Test(
        "A faulty tool is refused with the path of its field",
        arguments: [
            (#"{}"#, "invalid_type", ""), (#""tools""#, "invalid_type", ""),
            (#"[1]"#, "invalid_type", "[0]"), (#"[{}]"#, "missing_required_parameter", "[0].type"),
            (#"[{"type":null}]"#, "invalid_type", "[0].type"), (#"[{"type":"x"}]"#, "invalid_value", "[0].type"),
            (#"[{"type":"Function"}]"#, "invalid_value", "[0].type"),
            (#"[{"type":"function"}]"#, "missing_required_parameter", "[0].function"),
            (#"[{"type":"function","function":null}]"#, "invalid_type", "[0].function"),
            (#"[{"type":"function","function":[]}]"#, "invalid_type", "[0].function"),
            (#"[{"type":"function","name":"a"}]"#, "unknown_parameter", "[0].name"),
            (#"[{"type":"function","custom":{}}]"#, "unknown_parameter", "[0].custom"),
            (#"[{"type":"function","function":{}}]"#, "missing_required_parameter", "[0].function.name"),
            (#"[{"type":"function","function":{"name":1}}]"#, "invalid_type", "[0].function.name"),
            (#"[{"type":"function","function":{"name":""}}]"#, "invalid_value", "[0].function.name"),
            (#"[{"type":"function","function":{"name":"a b"}}]"#, "invalid_value", "[0].function.name"),
            (#"[{"type":"function","function":{"name":"é"}}]"#, "invalid_value", "[0].function.name"),
            (#"[{"type":"function","function":{"name":"a\u0000"}}]"#, "invalid_value", "[0].function.name"),
            (
                #"[{"type":"function","function":{"name":"a","description":1}}]"#, "invalid_type",
                "[0].function.description"
            ),
            (
                #"[{"type":"function","function":{"name":"a","parameters":[]}}]"#, "invalid_type",
                "[0].function.parameters"
            ),
            (
                #"[{"type":"function","function":{"name":"a","parameters":"{}"}}]"#, "invalid_type",
                "[0].function.parameters"
            ),
            (
                #"[{"type":"function","function":{"name":"a","parameters":true}}]"#, "invalid_type",
                "[0].function.parameters"
            ),
            (#"[{"type":"function","function":{"name":"a","strict":"yes"}}]"#, "invalid_type", "[0].function.strict"),
            (#"[{"type":"function","function":{"name":"a","x":1}}]"#, "unknown_parameter", "[0].function.x"),
            (
                #"[{"type":"function","function":{"name":"a"}},{"type":"custom","custom":{"name":"a"}}]"#,
                "invalid_value",
                "[1].custom.name"
            ),
            (#"[{"type":"custom"}]"#, "missing_required_parameter", "[0].custom"),
            (#"[{"type":"custom","custom":{}}]"#, "missing_required_parameter", "[0].custom.name"),
            (#"[{"type":"custom","custom":{"name":"a","strict":true}}]"#, "unknown_parameter", "[0].custom.strict"),
            (#"[{"type":"custom","custom":{"name":"a","format":"text"}}]"#, "invalid_type", "[0].custom.format"),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{}}}]"#, "missing_required_parameter",
                "[0].custom.format.type"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"x"}}}]"#, "invalid_value",
                "[0].custom.format.type"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"text","grammar":{}}}}]"#,
                "unknown_parameter",
                "[0].custom.format.grammar"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"grammar"}}}]"#, "missing_required_parameter",
                "[0].custom.format.grammar"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":{"syntax":"gbnf"}}}}]"#,
                "invalid_value", "[0].custom.format.grammar.syntax"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":{"definition":"a"}}}}]"#,
                "missing_required_parameter", "[0].custom.format.grammar.syntax"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":{"syntax":"lark"}}}}]"#,
                "missing_required_parameter", "[0].custom.format.grammar.definition"
            ),
            (
                #"[{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":{"syntax":"lark","definition":""}}}}]"#,
                "invalid_value", "[0].custom.format.grammar.definition"
            ),
        ])
    func badTool(_ tools: String, _ code: String, _ param: String) {
        let error = requestError(#""tools":\#(tools)"#)
        #expect(error?.status == 400 && error?.type == "invalid_request_error")
        #expect(error?.code == code)
        #expect(error?.param == "tools\(param)")
    }

    @Test(
        "A faulty choice is refused with the path of its field",
        arguments: [
            (#"1"#, "invalid_type", ""), (#"[]"#, "invalid_type", ""), (#""any""#, "invalid_value", ""),
            (#""Auto""#, "invalid_value", ""), (#"{}"#, "missing_required_parameter", ".type"),
            (#"{"type":"auto"}"#, "invalid_value", ".type"), (#"{"type":"web_search"}"#, "unsupported_value", ".type"),
            (#"{"type":"function"}"#, "missing_required_parameter", ".function"),
            (#"{"type":"function","name":"weather"}"#, "unknown_parameter", ".name"),
            (#"{"type":"function","function":{}}"#, "missing_required_parameter", ".function.name"),
            (#"{"type":"function","function":{"name":"Weather"}}"#, "invalid_value", ".function.name"),
            (#"{"type":"function","function":{"name":"shell"}}"#, "invalid_value", ".function.name"),
            (#"{"type":"custom","custom":{"name":"weather"}}"#, "invalid_value", ".custom.name"),
            (#"{"type":"function","function":{"name":"weather","x":1}}"#, "unknown_parameter", ".function.x"),
            (#"{"type":"allowed_tools"}"#, "missing_required_parameter", ".allowed_tools"),
            (#"{"type":"allowed_tools","mode":"auto"}"#, "unknown_parameter", ".mode"),
            (#"{"type":"allowed_tools","allowed_tools":{}}"#, "missing_required_parameter", ".allowed_tools.mode"),
            (#"{"type":"allowed_tools","allowed_tools":{"mode":"none"}}"#, "invalid_value", ".allowed_tools.mode"),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto"}}"#, "missing_required_parameter",
                ".allowed_tools.tools"
            ),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#, "invalid_value",
                ".allowed_tools.tools"
            ),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"allowed_tools"}]}}"#,
                "invalid_value",
                ".allowed_tools.tools[0].type"
            ),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"x"}}]}}"#,
                "invalid_value", ".allowed_tools.tools[0].function.name"
            ),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"mcp"}]}}"#,
                "invalid_value",
                ".allowed_tools.tools"
            ),
        ])
    func badChoice(_ choice: String, _ code: String, _ param: String) {
        let error = requestError(Self.tools + #","tool_choice":\#(choice)"#)
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == "tool_choice\(param)")
    }

    @Test(
        "What steers tools is refused without any",
        arguments: [
            (#""tool_choice":"required""#, "tool_choice"), (#""tools":[],"tool_choice":"required""#, "tool_choice"),
            (#""tool_choice":{"type":"function","function":{"name":"a"}}"#, "tool_choice"),
            (#""parallel_tool_calls":true"#, "parallel_tool_calls"),
            (#""tools":[],"parallel_tool_calls":false"#, "parallel_tool_calls"),
            (#""function_call":{"name":"a"}"#, "function_call"),
            (#""functions":[],"function_call":{"name":"a"}"#, "function_call"),
        ])
    func withoutTools(_ fields: String, _ param: String) {
        let error = requestError(fields)
        #expect(error?.code == "invalid_value" && error?.param == param)
        #expect(error?.message.contains("is only allowed when") == true)
    }

    @Test("Messages have OpenAI's wording")
    func wording() {
        #expect(
            requestError(#""tools":[{"type":"function","function":{"name":"a b"}}]"#)?.message
                == "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the "
                + "pattern '^[a-zA-Z0-9_.:/-]+$'.")
        #expect(
            requestError(#""tools":[{"type":"x"}]"#)?.message
                == "Invalid value: 'x'. Supported values are: 'function' and 'custom'.")
        #expect(
            requestError(#""tool_choice":"required""#)?.message
                == "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
        #expect(
            requestError(Self.tools + #","tool_choice":{"type":"function","function":{"name":"x"}}"#)?.message
                == "Invalid 'tool_choice.function.name': there is no function 'x' in 'tools'.")
    }
}

@Suite("The older spelling of tools")
struct FunctionFieldTests {
    static let functions = #""functions":[{"name":"f","description":"d","parameters":{"type":"object"}},{"name":"g"}]"#

    @Test("Functions are tools, of which one is called at a time")
    func functions() throws {
        let request = try decodeRequest(Self.functions)
        let conversation = request.generation.conversation
        let schema = JSONValue.object(JSONObject([.init(name: "type", value: "object")]))
        #expect(conversation.tools == [Tool(name: "f", description: "d", parameters: schema), Tool(name: "g")])
        #expect(request.usesFunctions && !conversation.allowsParallelToolCalls)
        #expect(request.paths.tools == ["functions[0].parameters", "functions[1].parameters"])
        #expect(request.paths.toolChoice == "function_call")
    }

    @Test(
        "Every choice arrives",
        arguments: [
            ("null", ToolChoice.auto), (#""auto""#, .auto), (#""none""#, .none), (#"{"name":"g"}"#, .named("g")),
        ] as [(String, ToolChoice)])
    func choice(_ text: String, _ choice: ToolChoice) throws {
        #expect(
            try decodeRequest(Self.functions + #","function_call":\#(text)"#).generation.conversation.toolChoice
                == choice)
    }

    @Test(
        "What is faulty is refused with the path of its field",
        arguments: [
            (#""functions":{}"#, "invalid_type", "functions"), (#""functions":[1]"#, "invalid_type", "functions[0]"),
            (#""functions":[{}]"#, "missing_required_parameter", "functions[0].name"),
            (#""functions":[{"name":"a b"}]"#, "invalid_value", "functions[0].name"),
            (#""functions":[{"name":"a"},{"name":"a"}]"#, "invalid_value", "functions[1].name"),
            (#""functions":[{"name":"a","strict":true}]"#, "unknown_parameter", "functions[0].strict"),
            (#""functions":[{"name":"a","parameters":1}]"#, "invalid_type", "functions[0].parameters"),
            (#""functions":[{"name":"a"}],"function_call":"required""#, "invalid_value", "function_call"),
            (#""functions":[{"name":"a"}],"function_call":1"#, "invalid_type", "function_call"),
            (#""functions":[{"name":"a"}],"function_call":{}"#, "missing_required_parameter", "function_call.name"),
            (#""functions":[{"name":"a"}],"function_call":{"name":"b"}"#, "invalid_value", "function_call.name"),
            (#""functions":[{"name":"a"}],"function_call":{"name":"a","x":1}"#, "unknown_parameter", "function_call.x"),
            (#""functions":[{"name":"a"}],"tool_choice":"auto""#, "invalid_value", "functions"),
            (#""functions":[{"name":"a"}],"parallel_tool_calls":false"#, "invalid_value", "functions"),
            (#""functions":[],"tools":[]"#, "invalid_value", "functions"),
            (#""tools":[],"function_call":"auto""#, "invalid_value", "function_call"),
        ])
    func refused(_ fields: String, _ code: String, _ param: String) {
        let error = requestError(fields)
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == param)
    }
}
