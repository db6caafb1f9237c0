import AnthropicAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

@Suite("The conversation of a request")
struct ConversationTests {
    private static func wire(_ messages: (String, String)...) -> String {
        "[" + messages.map { #"{"role":"\#($0.0)","content":\#($0.1)}"# }.joined(separator: ",") + "]"
    }

    private static func call(_ id: String, _ name: String, _ arguments: String) -> ToolCall {
        ToolCall(id: id, name: name, arguments: arguments)
    }

    private static func assistant(_ text: String?, calls: [ToolCall] = [], reasoning: String? = nil) -> Message {
        var message = Message(.assistant, text.map { [.text($0)] } ?? [])
        message.toolCalls = calls
        message.reasoning = reasoning
        return message
    }

    @Test("Content is a string or blocks of text, of which each is a part")
    func text() throws {
        let blocks =
            #"[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b","citations":null}]"#
        #expect(
            try conversation(Self.wire(("user", blocks), ("assistant", blocks), ("user", #""c""#)))
                == [
                    Message(.user, [.text("a"), .text("b")]), Message(.assistant, [.text("a"), .text("b")]),
                    Message(.user, "c"),
                ])
    }

    @Test("Consecutive messages of a role are one")
    func merging() throws {
        #expect(
            try conversation(
                Self.wire(
                    ("system", #""s""#), ("user", #""a""#), ("user", #"[{"type":"text","text":"b"}]"#),
                    ("assistant", #""c""#),
                    ("assistant", #"[{"type":"tool_use","id":"1","name":"f","input":{}}]"#), ("user", #""d""#)),
                #""system":"first""#)
                == [
                    Message(.system, [.text("first"), .text("s")]), Message(.user, [.text("a"), .text("b")]),
                    Self.assistant("c", calls: [Self.call("1", "f", "{}")]), Message(.user, "d"),
                ])
    }

    @Test("A system message stays at its place")
    func system() throws {
        #expect(
            try conversation(
                Self.wire(("user", #""a""#), ("system", #"[{"type":"text","text":"s"}]"#), ("user", #""b""#)))
                == [Message(.user, "a"), Message(.system, "s"), Message(.user, "b")])
    }

    @Test("A system prompt is one message with a part for each block")
    func systemPrompt() throws {
        func parts(_ system: String) throws -> [Message] {
            try conversation(Self.wire(("user", #""a""#)), "\"system\":\(system)").dropLast()
        }
        #expect(try parts(#""s""#) == [Message(.system, "s")])
        #expect(
            try parts(#"[{"type":"text","text":"s"},{"type":"text","text":"t"}]"#) == [
                Message(.system, [.text("s"), .text("t")])
            ])
        #expect(try parts("[]").isEmpty && parts(#""""#).isEmpty && parts("null").isEmpty)
    }

    @Test("A billing header is left out of the prompt, and what follows its line is not")
    func billingHeader() throws {
        func texts(_ system: String) throws -> [String] {
            try conversation(Self.wire(("user", #""a""#)), "\"system\":\(system)").dropLast()
                .flatMap(\.content).map { part in if case .text(let text) = part { text } else { "" } }
        }
        let header = "x-anthropic-billing-header: cc_version=2.1; cch=9a;"
        #expect(try texts(#"[{"type":"text","text":"\#(header)"},{"type":"text","text":"s"}]"#) == ["s"])
        #expect(try texts(#"[{"type":"text","text":"\#(header)"}]"#).isEmpty && texts("\"\(header)\"").isEmpty)
        #expect(try texts(#"[{"type":"text","text":"\#(header)\n\ns\nt"}]"#) == ["s\nt"])
        // Only as the beginning of the first block.
        #expect(try texts(#"[{"type":"text","text":"s"},{"type":"text","text":"\#(header)"}]"#) == ["s", header])
        #expect(try texts(#"" \#(header)""#) == [" " + header])
    }

    @Test("The results of tools are messages before what the user says in the same turn")
    func results() throws {
        let assistant =
            #"[{"type":"tool_use","id":"1","name":"f","input":{"x":[1,2.5,"é"]}},{"type":"tool_use","id":"2","name":"g","input":{}}]"#
        let user = #"""
            [{"type":"text","text":"go"},{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"a"},
            {"type":"text","text":"b"}]},{"type":"tool_result","tool_use_id":"2"},{"type":"text","text":"on"}]
            """#
        #expect(
            try conversation(Self.wire(("user", #""q""#), ("assistant", assistant), ("user", user)))
                == [
                    Message(.user, "q"),
                    Self.assistant(
                        nil, calls: [Self.call("1", "f", #"{"x":[1,2.5,"é"]}"#), Self.call("2", "g", "{}")]),
                    Message(.tool, [.text("a"), .text("b")], toolCallID: "1"), Message(.tool, "", toolCallID: "2"),
                    Message(.user, [.text("go"), .text("on")]),
                ])
    }

    @Test("Results in several messages of a turn all come before its text")
    func resultsOfOneTurn() throws {
        let first = #"[{"type":"tool_result","tool_use_id":"1","content":"a"},{"type":"text","text":"go"}]"#
        let second = #"[{"type":"tool_result","tool_use_id":"2","content":"b"}]"#
        let calls =
            #"[{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"f","input":{}}]"#
        #expect(
            try conversation(Self.wire(("assistant", calls), ("user", first), ("user", second))).dropFirst()
                == [Message(.tool, "a", toolCallID: "1"), Message(.tool, "b", toolCallID: "2"), Message(.user, "go")])
    }

    @Test(
        "A tool's failure reaches the prompt",
        arguments: [
            (#""content":"no such file""#, ["Error: no such file"]), (#""content":null"#, ["Error"]),
            (#""content":"""#, ["Error"]), (#""content":[]"#, ["Error"]),
            (#""content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#, ["Error: a", "b"]),
            (#""content":[{"type":"text","text":""},{"type":"text","text":"b"}]"#, ["Error", "b"]),
        ])
    func failures(_ content: String, _ texts: [String]) throws {
        let block = #"[{"type":"tool_result","tool_use_id":"1","is_error":true,\#(content)}]"#
        #expect(
            try conversation(Self.wire(("user", block))) == [Message(.tool, texts.map { .text($0) }, toolCallID: "1")])
    }

    @Test("A result without failure is told as it is", arguments: ["false", "null"])
    func noFailure(_ value: String) throws {
        let block = #"[{"type":"tool_result","tool_use_id":"1","is_error":\#(value),"content":"a"}]"#
        #expect(try conversation(Self.wire(("user", block))) == [Message(.tool, "a", toolCallID: "1")])
    }

    @Test(
        "A block that is no text and no part of a call is refused by name",
        arguments: [
            "image", "document", "search_result", "container_upload", "server_tool_use", "web_search_tool_result",
            "web_fetch_tool_result", "code_execution_tool_result", "bash_code_execution_tool_result",
            "text_editor_code_execution_tool_result", "tool_search_tool_result", "tool_reference", "mcp_tool_use",
            "mcp_tool_result", "mcp_tool_listing", "advisor_tool_result", "compaction", "tool_addition", "tool_removal",
            "fallback", "browser_state",
        ])
    func foreignBlocks(_ type: String) {
        for role in ["user", "assistant", "system"] {
            let error = messagesError(Self.wire((role, #"[{"type":"\#(type)","source":{}}]"#)))
            #expect(error?.status == 400 && error?.type == "invalid_request_error")
            #expect(error?.code == "unsupported_value" && error?.param == "messages[0].content[0].type")
            #expect(error?.message.contains("'\(type)'") == true)
        }
        let result =
            #"[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"a"},{"type":"\#(type)"}]}]"#
        #expect(messagesError(Self.wire(("user", result)))?.param == "messages[0].content[0].content[1].type")
    }

    @Test(
        "What is wrong with a message is named",
        arguments: [
            (#"{"content":"a"}"#, "missing_required_parameter", "messages[0].role"),
            (#"{"role":"tool","content":"a"}"#, "invalid_value", "messages[0].role"),
            (#"{"role":"developer","content":"a"}"#, "invalid_value", "messages[0].role"),
            (#"{"role":"user"}"#, "missing_required_parameter", "messages[0].content"),
            (#"{"role":"user","content":null}"#, "invalid_type", "messages[0].content"),
            (#"{"role":"user","content":[]}"#, "invalid_value", "messages[0].content"),
            (#"{"role":"user","content":["a"]}"#, "invalid_type", "messages[0].content[0]"),
            (#"{"role":"user","content":[{"text":"a"}]}"#, "missing_required_parameter", "messages[0].content[0].type"),
            (
                #"{"role":"user","content":[{"type":"text"}]}"#, "missing_required_parameter",
                "messages[0].content[0].text"
            ),
            (
                #"{"role":"user","content":[{"type":"text","text":null}]}"#, "invalid_type",
                "messages[0].content[0].text"
            ),
            (
                #"{"role":"user","content":[{"type":"text","text":"a","x":1}]}"#, "unknown_parameter",
                "messages[0].content[0].x"
            ),
            (#"{"role":"user","content":[{"type":"new_block"}]}"#, "invalid_value", "messages[0].content[0].type"),
            (#"{"role":"user","content":"a","name":"n"}"#, "unknown_parameter", "messages[0].name"),
            (
                #"{"role":"user","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]}"#, "invalid_value",
                "messages[0].content[0]"
            ),
            (
                #"{"role":"user","content":[{"type":"thinking","thinking":"t","signature":""}]}"#, "invalid_value",
                "messages[0].content[0]"
            ),
            (
                #"{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"1"}]}"#, "invalid_value",
                "messages[0].content[0]"
            ),
            (
                #"{"role":"system","content":[{"type":"tool_result","tool_use_id":"1"}]}"#, "invalid_value",
                "messages[0].content[0]"
            ),
            (
                #"{"role":"user","content":[{"type":"tool_result"}]}"#, "missing_required_parameter",
                "messages[0].content[0].tool_use_id"
            ),
            (
                #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":1}]}"#, "invalid_type",
                "messages[0].content[0].content"
            ),
            (
                #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":"yes"}]}"#,
                "invalid_type", "messages[0].content[0].is_error"
            ),
            (
                #"{"role":"assistant","content":[{"type":"tool_use","name":"f","input":{}}]}"#,
                "missing_required_parameter", "messages[0].content[0].id"
            ),
            (
                #"{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f"}]}"#,
                "missing_required_parameter", "messages[0].content[0].input"
            ),
            (
                #"{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":"{}"}]}"#,
                "invalid_type", "messages[0].content[0].input"
            ),
            (
                #"{"role":"assistant","content":[{"type":"redacted_thinking"}]}"#, "missing_required_parameter",
                "messages[0].content[0].data"
            ),
            (
                #"{"role":"assistant","content":[{"type":"thinking","signature":"s"}]}"#, "missing_required_parameter",
                "messages[0].content[0].thinking"
            ),
        ])
    func errors(_ message: String, _ code: String, _ param: String) {
        let error = messagesError(#"[\#(message),{"role":"user","content":"a"}]"#)
        #expect(error?.status == 400)
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test("An unknown block is named, and so is what there is")
    func unknownBlock() {
        let message = messagesError(Self.wire(("assistant", #"[{"type":"new_block"}]"#)))?.message
        #expect(
            message
                == "Invalid value: 'new_block'. Supported values are: 'text', 'thinking', 'redacted_thinking', and 'tool_use'."
        )
    }

    @Test("A reply comes back as a client's package dumps it, as blocks and as a whole message")
    func echo() throws {
        let content = #"""
            [{"type":"thinking","thinking":"t","signature":\#(quoted(TestSeal().seal("t", by: "a/b"))),"cache_control":null},
            {"type":"text","text":"a","citations":null,"parsed_output":null},
            {"type":"tool_use","id":"1","name":"f","input":{},"caller":{"type":"direct"},"toolset_name":null,"cache_control":null}]
            """#
        let whole = #"""
            {"id":"msg_1","type":"message","role":"assistant","model":"a/b","content":\#(content),"stop_reason":"tool_use",
            "stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"context_management":null,
            "usage":{"input_tokens":1,"output_tokens":2}}
            """#
        let answer = #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"r"}]}"#
        for message in [#"{"role":"assistant","content":\#(content)}"#, whole] {
            #expect(
                try conversation(#"[{"role":"user","content":"q"},\#(message),\#(answer)]"#)
                    == [
                        Message(.user, "q"), Self.assistant("a", calls: [Self.call("1", "f", "{}")], reasoning: "t"),
                        Message(.tool, "r", toolCallID: "1"),
                    ])
        }
    }

    @Test("Null in a field that nobody knows passes in what clients send back")
    func unknownNull() throws {
        func block(_ members: String) -> String { "{\(members),\"later_field\":null}" }
        let said = [
            block(#""type":"thinking","thinking":"t""#), block(#""type":"redacted_thinking","data":"?""#),
            block(#""type":"text","text":"a""#), block(#""type":"tool_use","id":"1","name":"f","input":{}"#),
        ]
        let content = "[\(said.joined(separator: ","))]"
        let result = "[\(block(#""type":"tool_result","tool_use_id":"1","content":"r""#))]"
        #expect(
            try conversation(
                #"""
                [{"role":"user","content":"q"},{"role":"assistant","content":\#(content),"later_field":null},
                {"role":"user","content":\#(result)}]
                """#) == [
                    Message(.user, "q"), Self.assistant("a", calls: [Self.call("1", "f", "{}")], reasoning: "t"),
                    Message(.tool, "r", toolCallID: "1"),
                ])
    }

    @Test("A reply that said nothing comes back as nothing", arguments: ["[]", #""""#])
    func emptyReply(_ content: String) throws {
        #expect(
            try conversation(Self.wire(("user", #""a""#), ("assistant", content), ("user", #""b""#)))
                == [Message(.user, "a"), Message(.assistant, []), Message(.user, "b")])
    }

    // MARK: Prefill

    @Test("A last message of the assistant begins the reply, and leaves the conversation")
    func prefill() throws {
        for (content, text) in [
            (#""The answer is (""#, "The answer is ("),
            (#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#, "a\nb"),
            (#""""#, nil), ("[]", nil),
        ] as [(String, String?)] {
            let request = try decodeMessages(Self.wire(("user", #""q""#), ("assistant", content)))
            #expect(request.generation.prefill == text)
            #expect(request.generation.conversation.messages == [Message(.user, "q")])
        }
        #expect(try decodeRequest().generation.prefill == nil)
    }

    @Test(
        "What no reply can begin with is refused",
        arguments: [
            (#""a ""#, ""), (#""a\n""#, ""), (#""a\u00a0""#, ""), (#"[{"type":"text","text":" "}]"#, ""),
            (#"[{"type":"text","text":"a"},{"type":"tool_use","id":"1","name":"f","input":{}}]"#, ""),
            (#"[{"type":"thinking","thinking":"t","signature":""},{"type":"text","text":"a"}]"#, ""),
            (#"[{"type":"redacted_thinking","data":"?"},{"type":"text","text":"a"}]"#, ""),
            (#""a""#, #""output_config":{"format":{"type":"json_schema","schema":{}}}"#),
            (#""a""#, #""output_format":{"type":"json_schema","schema":{}}"#),
            (#""a""#, #""thinking":{"type":"enabled","budget_tokens":5}"#),
        ])
    func badPrefill(_ content: String, _ fields: String) {
        let error = messagesError(Self.wire(("user", #""q""#), ("assistant", content)), fields)
        #expect(error?.status == 400 && error?.code == "invalid_value" && error?.param == "messages[1].content")
    }

    @Test("A prefill stands beside tools and thinking that the model may leave")
    func prefillBeside() throws {
        let fields = #""tools":[{"name":"f","input_schema":{}}],"thinking":{"type":"adaptive"}"#
        #expect(
            try decodeMessages(Self.wire(("user", #""q""#), ("assistant", #""a""#)), fields).generation.prefill == "a")
    }

    @Test("A last message that says nothing contradicts neither a format nor thinking")
    func emptyPrefill() throws {
        let fields = #"""
            "output_config":{"format":{"type":"json_schema","schema":{}}},"thinking":{"type":"enabled","budget_tokens":5}
            """#
        let request = try decodeMessages(Self.wire(("user", #""q""#), ("assistant", "[]")), fields)
        #expect(request.generation.prefill == nil && request.generation.reasoning.isEnabled == true)
    }

    @Test("A conversation has to have something to answer")
    func nothingToAnswer() {
        #expect(messagesError(Self.wire(("assistant", #""a""#)))?.param == "messages")
    }

    // MARK: Size

    @Test("10,000 blocks and as many messages are read in time proportional to their number")
    func many() throws {
        func blocks(_ count: Int) -> String {
            "[" + (0..<count).map { #"{"type":"text","text":"\#($0)"}"# }.joined(separator: ",") + "]"
        }
        func seconds(_ count: Int) throws -> Duration {
            let wire = Self.wire(("user", blocks(count)))
            let results = (0..<count).map { #"{"type":"tool_result","tool_use_id":"\#($0)","content":"r"}"# }
            let bodies = [
                body(messages: wire), body(messages: Self.wire(("user", "[\(results.joined(separator: ","))]"))),
                body(
                    messages: "[" + (0..<count).map { #"{"role":"user","content":"\#($0)"}"# }.joined(separator: ",")
                        + "]"),
                body(
                    messages: "["
                        + (0..<count).map { #"{"role":"\#($0 % 2 == 0 ? "assistant" : "user")","content":"a"}"# }
                        .joined(separator: ",") + "]"),
            ]
            return try leastProcessorTime {
                for body in bodies { _ = try MessagesRequest.decode(body, seal: TestSeal()) }
            }
        }
        #expect(try conversation(Self.wire(("user", blocks(10_000))))[0].content.count == 10_000)
        let (few, many) = (try seconds(1_000), try seconds(10_000))
        #expect(many < few * 40)
    }
}
