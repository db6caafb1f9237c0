import AnthropicAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("The tools of a Messages request")
struct ToolTests {
    static let two = #""tools":[{"name":"f","input_schema":{}},{"type":"custom","name":"g","input_schema":{}}]"#

    private static func conversation(_ fields: String) throws -> Conversation {
        try decodeRequest(fields).generation.conversation
    }

    @Test("A tool is read with everything that it says")
    func tool() throws {
        let schema = #"{"type":"object","properties":{"b":{},"a":{}}}"#
        let request = try decodeRequest(
            #"""
            "tools":[{"name":"f","description":"d","input_schema":\#(schema),"strict":true,"type":"custom",
            "cache_control":{"type":"ephemeral"},"defer_loading":true,"eager_input_streaming":true,"input_examples":[],
            "allowed_callers":["direct"]},
            {"name":"srv.mcp:a/b-C_9","input_schema":{},"type":null,"description":null,"strict":null,"cache_control":null,
            "input_examples":null}]
            """#)
        #expect(
            try request.generation.conversation.tools == [
                Tool(name: "f", description: "d", parameters: parseJSON(schema), isStrict: true),
                Tool(name: "srv.mcp:a/b-C_9", parameters: .object(JSONObject())),
            ])
        #expect(request.paths.tools == ["tools[0].input_schema", "tools[1].input_schema"])
        #expect(request.generation.conversation.toolChoice == .auto && request.warnings.isEmpty)
        #expect(request.generation.conversation.allowsParallelToolCalls)
    }

    @Test("Examples of inputs are shown below the description")
    func examples() throws {
        func description(_ field: String) throws -> String? {
            try Self.conversation(
                #""tools":[{"name":"f","input_schema":{},"input_examples":[{"a":1},{"b":"c"}]\#(field)}]"#
            ).tools[0].description
        }
        let examples = "Examples of the input:\n{\"a\":1}\n{\"b\":\"c\"}"
        #expect(try description("") == examples && description(#","description":"d""#) == "d\n\n" + examples)
    }

    @Test(
        "A tool of Anthropic's own is left out with a warning, and no choice",
        arguments: [
            "web_search_20250305", "web_search_20260318", "web_fetch_20250910", "code_execution_20250825",
            "bash_20250124", "text_editor_20250728", "computer_20251124", "computer_toolset_20260801",
            "browser_toolset_20260801", "memory_20250818", "tool_search_tool_regex_20251119", "tool_search_tool_bm25",
            "advisor_20260301", "mcp_toolset", "agent_toolset_20260401", "bash",
        ])
    func hosted(_ type: String) throws {
        let tools = #""tools":[{"type":"\#(type)","name":"h","max_uses":1},{"name":"f","input_schema":{}}]"#
        let request = try decodeRequest(tools)
        #expect(request.generation.conversation.tools.map(\.name) == ["f"])
        #expect(request.paths.tools == ["tools[1].input_schema"])
        #expect(
            request.warnings == [
                GenerationWarning(
                    keyword: "tools", pointer: "/tools/0",
                    message: "the hosted tool '\(type)' cannot be run here and is left out")
            ])
        let error = requestError(tools + #","tool_choice":{"type":"tool","name":"h"}"#)
        #expect(error?.status == 400 && error?.param == "tool_choice.name" && error?.code == "unsupported_value")
        let only = #""tools":[{"type":"\#(type)","name":"h"}]"#
        #expect(requestError(only + #","tool_choice":{"type":"any"}"#)?.param == "tool_choice")
        #expect(try Self.conversation(only + #","tool_choice":{"type":"auto"}"#).tools.isEmpty)
    }

    @Test(
        "What is wrong with a tool is named",
        arguments: [
            (#"{"input_schema":{}}"#, "missing_required_parameter", "tools[0].name"),
            (#"{"name":"f"}"#, "missing_required_parameter", "tools[0].input_schema"),
            (#"{"name":"f","input_schema":null}"#, "invalid_type", "tools[0].input_schema"),
            (#"{"name":"f g","input_schema":{}}"#, "invalid_value", "tools[0].name"),
            (#"{"name":"","input_schema":{}}"#, "invalid_value", "tools[0].name"),
            (#"{"name":"f","input_schema":{},"type":"function"}"#, "invalid_value", "tools[0].type"),
            (#"{"name":"f","input_schema":{},"type":"bashful"}"#, "invalid_value", "tools[0].type"),
            (#"{"name":"f","input_schema":{},"parameters":{}}"#, "unknown_parameter", "tools[0].parameters"),
            (#"{"name":"f","input_schema":{},"strict":1}"#, "invalid_type", "tools[0].strict"),
            (#"{"name":"f","input_schema":{},"defer_loading":1}"#, "invalid_type", "tools[0].defer_loading"),
            (#"{"name":"f","input_schema":{},"input_examples":[1]}"#, "invalid_type", "tools[0].input_examples[0]"),
            (
                #"{"name":"f","input_schema":{},"allowed_callers":["code_execution_20250825"]}"#, "unsupported_value",
                "tools[0].allowed_callers"
            ),
            (#"{"name":"f","input_schema":{},"allowed_callers":1}"#, "invalid_type", "tools[0].allowed_callers"),
            (#"{"name":"f","input_schema":{}},{"name":"f","input_schema":{}}"#, "invalid_value", "tools[1].name"),
        ])
    func errors(_ tools: String, _ code: String, _ param: String) {
        let error = requestError(#""tools":[\#(tools)]"#)
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test("512 tools are taken, and not one more")
    func count() throws {
        func fields(_ count: Int) -> String {
            "\"tools\":[" + (0..<count).map { #"{"name":"f\#($0)","input_schema":{}}"# }.joined(separator: ",") + "]"
        }
        #expect(try Self.conversation(fields(512)).tools.count == 512)
        #expect(requestError(fields(513))?.param == "tools")
    }

    @Test(
        "The choice is read, and whether calls may be parallel",
        arguments: [
            (#"{"type":"auto"}"#, .auto, true), (#"{"type":"auto","disable_parallel_tool_use":true}"#, .auto, false),
            (#"{"type":"any"}"#, .required, true),
            (#"{"type":"any","disable_parallel_tool_use":false}"#, .required, true),
            (#"{"type":"none"}"#, .none, true), ("null", .auto, true),
            (#"{"type":"tool","name":"g","disable_parallel_tool_use":true}"#, .named("g"), false),
        ] as [(String, ToolChoice, Bool)])
    func choice(_ value: String, _ choice: ToolChoice, _ isParallel: Bool) throws {
        let conversation = try Self.conversation("\(Self.two),\"tool_choice\":\(value)")
        #expect(conversation.toolChoice == choice && conversation.allowsParallelToolCalls == isParallel)
    }

    @Test(
        "A choice that cannot be made is refused",
        arguments: [
            (two, #""any""#, "tool_choice"), (two, "{}", "tool_choice.type"),
            (two, #"{"type":"required"}"#, "tool_choice.type"), (two, #"{"type":"tool"}"#, "tool_choice.name"),
            (two, #"{"type":"tool","name":"h"}"#, "tool_choice.name"),
            (two, #"{"type":"any","name":"f"}"#, "tool_choice.name"),
            (two, #"{"type":"none","disable_parallel_tool_use":true}"#, "tool_choice.disable_parallel_tool_use"),
            (two, #"{"type":"auto","disable_parallel_tool_use":1}"#, "tool_choice.disable_parallel_tool_use"),
            (#""tools":[]"#, #"{"type":"any"}"#, "tool_choice"),
            (#""tools":[]"#, #"{"type":"tool","name":"f"}"#, "tool_choice"),
        ])
    func badChoice(_ tools: String, _ choice: String, _ param: String) {
        let error = requestError("\(tools),\"tool_choice\":\(choice)")
        #expect(error?.status == 400 && error?.param == param)
    }

    @Test("Choices that ask for what happens anyway pass without tools", arguments: ["auto", "none"])
    func idleChoice(_ type: String) throws {
        #expect(try Self.conversation(#""tool_choice":{"type":"\#(type)"}"#).toolChoice == .auto)
    }
}
