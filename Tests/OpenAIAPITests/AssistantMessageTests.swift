import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Messages of earlier replies")
struct AssistantMessageTests {
    private static func body(_ messages: String) -> [UInt8] {
        Array(#"{"model":"m","messages":[{"role":"user","content":"Hi"},\#(messages)]}"#.utf8)
    }

    /// The messages after a first one of the user.
    private static func messages(_ messages: String) throws -> [Message] {
        Array(try ChatCompletionRequest.decode(body(messages)).generation.conversation.messages.dropFirst())
    }

    private static func assistant(
        _ content: [Message.Part], calls: [ToolCall] = [], reasoning: String? = nil, name: String? = nil
    ) -> Message {
        var message = Message(.assistant, content, name: name)
        message.toolCalls = calls
        message.reasoning = reasoning
        return message
    }

    @Test("Calls and their results are read")
    func calls() throws {
        let messages = try Self.messages(
            #"""
            {"role":"assistant","content":null,"tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Bern\"}"}},
            {"id":"call_2","type":"custom","custom":{"name":"shell","input":"ls -l"}},
            {"id":"call_3","index":2,"function":{"name":"now","arguments":"","parsed_arguments":{}}}]},
            {"role":"tool","tool_call_id":"call_1","content":"sunny"},
            {"role":"tool","tool_call_id":"call_2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"shell"},
            {"role":"tool","tool_call_id":"trimmed","content":""}
            """#)
        #expect(
            messages == [
                Self.assistant(
                    [],
                    calls: [
                        ToolCall(id: "call_1", name: "weather", arguments: #"{"city": "Bern"}"#),
                        ToolCall(id: "call_2", name: "shell", arguments: "ls -l"),
                        ToolCall(id: "call_3", name: "now", arguments: "{}"),
                    ]),
                Message(.tool, "sunny", toolCallID: "call_1"),
                Message(.tool, [.text("a"), .text("b")], name: "shell", toolCallID: "call_2"),
                Message(.tool, "", toolCallID: "trimmed"),
            ])
    }

    @Test("What a model said wrongly is taken back: a name that is none, half of the arguments")
    func oddCalls() throws {
        let messages = try Self.messages(
            #"{"role":"assistant","tool_calls":[{"id":"","type":"function","function":{"name":"a b","arguments":"{\"x\":"}}]}"#
        )
        #expect(messages == [Self.assistant([], calls: [ToolCall(id: "", name: "a b", arguments: #"{"x":"#)])])
    }

    @Test("The empty input of a custom tool stays empty")
    func emptyInput() throws {
        let messages = try Self.messages(
            #"{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"c","input":""}}]}"#)
        #expect(messages.first?.toolCalls == [ToolCall(id: "a", name: "c", arguments: "")])
    }

    @Test("Old calls and their answers find each other by the function's name")
    func oldCalls() throws {
        let messages = try Self.messages(
            #"""
            {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
            {"role":"function","name":"f","content":"1"},
            {"role":"assistant","content":"","function_call":{"name":"f","arguments":""}},
            {"role":"assistant","function_call":{"name":"g","arguments":"{\"a\":1}"}},
            {"role":"function","name":"f","content":"2"},
            {"role":"function","name":"h","content":[{"type":"text","text":"3"}]}
            """#)
        #expect(
            messages == [
                Self.assistant([], calls: [ToolCall(id: "call_1", name: "f", arguments: "{}")]),
                Message(.tool, "1", name: "f", toolCallID: "call_1"),
                Self.assistant([.text("")], calls: [ToolCall(id: "call_3", name: "f", arguments: "{}")]),
                Self.assistant([], calls: [ToolCall(id: "call_4", name: "g", arguments: #"{"a":1}"#)]),
                Message(.tool, "2", name: "f", toolCallID: "call_3"),
                Message(.tool, "3", name: "h"),
            ])
    }

    @Test(
        "Reasoning is taken in either spelling, or twice the same",
        arguments: [
            (#""content":"a","reasoning_content":"r""#, [Message.Part.text("a")], "r"),
            (#""content":"a","reasoning":"r""#, [.text("a")], "r"),
            (#""content":"a","reasoning":"r","reasoning_content":"r""#, [.text("a")], "r"),
            (#""content":"a","reasoning":null,"reasoning_content":null"#, [.text("a")], nil),
            (#""content":null,"reasoning":"r""#, [], "r"), (#""reasoning_content":"r""#, [], "r"),
        ] as [(String, [Message.Part], String?)])
    func reasoning(_ fields: String, _ content: [Message.Part], _ reasoning: String?) throws {
        #expect(
            try Self.messages(#"{"role":"assistant",\#(fields)}"#) == [Self.assistant(content, reasoning: reasoning)])
    }

    @Test(
        "A refusal is what was said",
        arguments: [
            (#""content":null,"refusal":"No.""#, ["No."]), (#""refusal":"No.""#, ["No."]),
            (#""content":"a","refusal":"No.""#, ["a", "No."]), (#""content":"a","refusal":"""#, ["a"]),
            (#""content":null,"refusal":"""#, [""]),
            (#""content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"No."}]"#, ["a", "No."]),
        ])
    func refusal(_ fields: String, _ texts: [String]) throws {
        #expect(
            try Self.messages(#"{"role":"assistant",\#(fields)}"#) == [Self.assistant(texts.map { .text($0) })])
    }

    @Test(
        "Everything that openai's package dumps of a reply is taken back",
        arguments: [
            // A message, a parsed one, and a streamed one that was put together.
            #""content":"a","refusal":null,"annotations":null,"audio":null,"function_call":null,"tool_calls":null"#,
            #""content":"a","refusal":null,"annotations":[{"type":"url_citation"}],"tool_calls":[],"parsed":{"a":1}"#,
            // What litellm keeps of a provider's reply, and a hint for a cache.
            #""content":"a","provider_specific_fields":{"reasoning":"b"},"thinking_blocks":[{"type":"thinking"}]"#,
            #""content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],"cache_control":{}"#,
            #""content":"a","parsed":null,"reasoning_content":null,"reasoning":null,"name":null,"tool_call_id":null"#,
        ])
    func dumps(_ fields: String) throws {
        #expect(try Self.messages(#"{"role":"assistant",\#(fields)}"#) == [Self.assistant([.text("a")])])
    }

    @Test("Null fields of an assistant's message pass with every role")
    func nulls() throws {
        let nulls = #""tool_calls":null,"function_call":null,"reasoning":null,"reasoning_content":null,"refusal":null"#
        for role in ["system", "developer", "user"] {
            #expect(try Self.messages(#"{"role":"\#(role)","content":"a",\#(nulls)}"#).count == 1)
        }
    }

    @Test(
        "A faulty message is refused with the path of its field",
        arguments: [
            (#"{"role":"assistant"}"#, "missing_required_parameter", "content"),
            (#"{"role":"assistant","content":null}"#, "invalid_type", "content"),
            (#"{"role":"assistant","content":null,"tool_calls":[]}"#, "invalid_type", "content"),
            (
                #"{"role":"assistant","content":[{"type":"refusal"}]}"#, "missing_required_parameter",
                "content[0].refusal"
            ),
            (
                #"{"role":"assistant","content":[{"type":"thinking","thinking":""}]}"#, "invalid_value",
                "content[0].type"
            ),
            (#"{"role":"user","content":[{"type":"refusal","refusal":""}]}"#, "unsupported_value", "content[0].type"),
            (#"{"role":"assistant","content":1,"tool_calls":null}"#, "invalid_type", "content"),
            (#"{"role":"assistant","tool_calls":{}}"#, "invalid_type", "tool_calls"),
            (#"{"role":"assistant","tool_calls":[1]}"#, "invalid_type", "tool_calls[0]"),
            (#"{"role":"assistant","tool_calls":[{}]}"#, "missing_required_parameter", "tool_calls[0].id"),
            (#"{"role":"assistant","tool_calls":[{"id":1}]}"#, "invalid_type", "tool_calls[0].id"),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a"}]}"#, "missing_required_parameter",
                "tool_calls[0].function"
            ),
            (#"{"role":"assistant","tool_calls":[{"id":"a","type":"x"}]}"#, "invalid_value", "tool_calls[0].type"),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{}}]}"#,
                "missing_required_parameter", "tool_calls[0].function.name"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":1,"arguments":""}}]}"#,
                "invalid_type", "tool_calls[0].function.name"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f"}}]}"#,
                "missing_required_parameter", "tool_calls[0].function.arguments"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}"#,
                "invalid_type", "tool_calls[0].function.arguments"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"","x":1}}]}"#,
                "unknown_parameter", "tool_calls[0].function.x"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"function","custom":{},"function":{}}]}"#,
                "unknown_parameter", "tool_calls[0].custom"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","index":-1,"function":{"name":"f","arguments":""}}]}"#,
                "integer_below_min_value", "tool_calls[0].index"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"custom"}]}"#, "missing_required_parameter",
                "tool_calls[0].custom"
            ),
            (
                #"{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"c"}}]}"#,
                "missing_required_parameter", "tool_calls[0].custom.input"
            ),
            (#"{"role":"assistant","function_call":[]}"#, "invalid_type", "function_call"),
            (#"{"role":"assistant","function_call":{}}"#, "missing_required_parameter", "function_call.name"),
            (
                #"{"role":"assistant","function_call":{"name":"f"}}"#, "missing_required_parameter",
                "function_call.arguments"
            ),
            (
                #"{"role":"assistant","function_call":{"name":"f","arguments":""},"#
                    + #""tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]}"#, "invalid_value",
                "function_call"
            ),
            (#"{"role":"assistant","content":"a","reasoning":1}"#, "invalid_type", "reasoning"),
            (#"{"role":"assistant","content":"a","reasoning_content":{}}"#, "invalid_type", "reasoning_content"),
            (
                #"{"role":"assistant","content":"a","reasoning":"x","reasoning_content":"y"}"#, "invalid_value",
                "reasoning"
            ),
            (#"{"role":"assistant","content":"a","refusal":1}"#, "invalid_type", "refusal"),
            (#"{"role":"assistant","content":"a","annotations":{}}"#, "invalid_type", "annotations"),
            (#"{"role":"assistant","content":"a","audio":{}}"#, "unsupported_parameter", "audio"),
            (#"{"role":"assistant","content":"a","tool_call_id":"x"}"#, "invalid_value", "tool_call_id"),
            (#"{"role":"user","content":"a","tool_calls":[]}"#, "invalid_value", "tool_calls"),
            (#"{"role":"user","content":"a","function_call":{}}"#, "invalid_value", "function_call"),
            (#"{"role":"tool","content":"a","tool_call_id":"x","reasoning":"r"}"#, "invalid_value", "reasoning"),
            (#"{"role":"system","content":"a","refusal":"r"}"#, "invalid_value", "refusal"),
            (#"{"role":"tool","content":null,"tool_call_id":"x"}"#, "invalid_type", "content"),
            (#"{"role":"tool","content":"a","tool_call_id":null}"#, "invalid_type", "tool_call_id"),
            (#"{"role":"function","content":"a","name":null}"#, "invalid_type", "name"),
            (#"{"role":"function","content":"a","name":"f","tool_call_id":"x"}"#, "invalid_value", "tool_call_id"),
        ])
    func refused(_ message: String, _ code: String, _ param: String) {
        let error = #expect(throws: APIError.self) { try ChatCompletionRequest.decode(Self.body(message)) }
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == "messages[1].\(param)")
    }

    @Test("Unknown fields of calls and parts pass where the server allows them")
    func unknownAllowed() throws {
        let message = #"""
            {"role":"assistant","provider_specific_fields":{},"content":[{"type":"text","text":"a","cache_control":{}}],
            "tool_calls":[{"id":"a","x":1,"function":{"name":"f","arguments":"","x":1}}]}
            """#
        let request = try ChatCompletionRequest.decode(Self.body(message), options: .init(allowsUnknownFields: true))
        #expect(
            request.generation.conversation.messages.last
                == Self.assistant([.text("a")], calls: [ToolCall(id: "a", name: "f", arguments: "{}")]))
    }
}
