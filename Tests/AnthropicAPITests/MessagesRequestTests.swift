import AnthropicAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Messages request")
struct MessagesRequestTests {
    @Test("The smallest body decodes, with every default filled in")
    func smallest() throws {
        let request = try decodeRequest()
        #expect(request.model == "m" && !request.stream && request.warnings.isEmpty)
        #expect(request.thinkingDisplay == .summarized)
        var expected = GenerationRequest(Conversation([Message(.user, "Hi")]))
        expected.maximumTokens = 9
        #expect(request.generation == expected)
        #expect(request.paths == FieldPaths())
    }

    @Test("Every field that has a meaning is read")
    func fields() throws {
        let request = try decodeRequest(
            #"""
            "system":"s","stream":true,"stop_sequences":["a","b"],"temperature":0.5,"top_p":0.9,"top_k":40,
            "thinking":{"type":"enabled","budget_tokens":7,"display":"omitted"},"output_config":{"effort":"low"}
            """#)
        #expect(request.stream && request.thinkingDisplay == .omitted)
        #expect(request.generation.conversation.messages == [Message(.system, "s"), Message(.user, "Hi")])
        #expect(request.generation.stop == ["a", "b"])
        #expect(request.generation.sampling.temperature == 0.5 && request.generation.sampling.topP == 0.9)
        #expect(request.generation.sampling.topK == 40)
        #expect(request.generation.reasoning.isEnabled == true && request.generation.reasoning.budget == 7)
        #expect(request.generation.reasoning.effort == "low" && request.generation.reasoning.isTold)
    }

    @Test("What an agent really sends is accepted")
    func agent() throws {
        let request = try MessagesRequest.decode(
            Array(
                #"""
                {"model":"claude-x","max_tokens":32000,"stream":true,"metadata":{"user_id":"u"},
                "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2; cch=1f;"},
                {"type":"text","text":"You are an agent.","cache_control":{"type":"ephemeral","ttl":"1h"}},
                {"type":"text","text":"Rules."}],
                "messages":[{"role":"user","content":[{"type":"text","text":"<reminder>"},
                {"type":"text","text":"Do it.","cache_control":{"type":"ephemeral"}}]},
                {"role":"system","content":"The date is new."},
                {"role":"assistant","content":[{"type":"text","text":"Yes."},
                {"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"},"caller":{"type":"direct"}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"a b","is_error":false,
                "cache_control":{"type":"ephemeral"}}]}],
                "tools":[{"name":"Bash","description":"d","input_schema":{"type":"object"}},
                {"name":"Later","description":"d","input_schema":{"type":"object"},"defer_loading":true},
                {"type":"web_search_20250305","name":"web_search","max_uses":8}],
                "thinking":{"type":"adaptive","display":"omitted","block_binding":{"prefix_mismatch_behavior":"drop_block"}},
                "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
                "output_config":{"effort":"high"},"betas":["x"],"container":null,"mcp_servers":[],"service_tier":"auto"}
                """#.utf8), seal: TestSeal())
        var call = Message(.assistant, "Yes.")
        call.toolCalls = [ToolCall(id: "t1", name: "Bash", arguments: #"{"command":"ls"}"#)]
        #expect(
            request.generation.conversation.messages == [
                Message(.system, [.text("You are an agent."), .text("Rules.")]),
                Message(.user, [.text("<reminder>"), .text("Do it.")]),
                Message(.system, "The date is new."), call, Message(.tool, "a b", toolCallID: "t1"),
            ])
        #expect(request.generation.conversation.tools.map(\.name) == ["Bash", "Later"])
        #expect(request.generation.maximumTokens == 32_000 && request.generation.reasoning.isEnabled == nil)
        #expect(request.warnings.map(\.pointer) == ["/tools/2"])
    }

    @Test(
        "What a body lacks or gets wrong is named",
        arguments: [
            ("[]", "invalid_type", nil), ("", nil, nil), ("{", nil, nil),
            (#"{"max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#, "missing_required_parameter", "model"),
            (#"{"model":"","max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#, "invalid_value", "model"),
            (#"{"model":"m","max_tokens":1}"#, "missing_required_parameter", "messages"),
            (#"{"model":"m","max_tokens":1,"messages":null}"#, "invalid_type", "messages"),
            (#"{"model":"m","max_tokens":1,"messages":[]}"#, "invalid_value", "messages"),
            (#"{"model":"m","max_tokens":1,"messages":["a"]}"#, "invalid_type", "messages[0]"),
            (#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#, "missing_required_parameter", "max_tokens"),
            (
                #"{"model":"m","max_tokens":null,"messages":[{"role":"user","content":"a"}]}"#,
                "missing_required_parameter", "max_tokens"
            ),
        ] as [(String, String?, String?)])
    func missing(_ body: String, _ code: String?, _ param: String?) {
        let error = #expect(throws: APIError.self) { try MessagesRequest.decode(Array(body.utf8), seal: TestSeal()) }
        #expect(error?.status == 400 && error?.type == "invalid_request_error")
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test(
        "A value that does not fit is refused and its field named",
        arguments: [
            (#""temperature":1.1"#, "decimal_above_max_value", "temperature"),
            (#""temperature":-0.1"#, "decimal_below_min_value", "temperature"),
            (#""temperature":"1""#, "invalid_type", "temperature"),
            (#""top_p":0"#, "decimal_below_min_value", "top_p"), (#""top_p":1.5"#, "decimal_above_max_value", "top_p"),
            (#""top_k":-2"#, "integer_below_min_value", "top_k"), (#""top_k":1.5"#, "invalid_type", "top_k"),
            (#""top_k":99999999999999999999"#, "integer_above_max_value", "top_k"),
            (#""stop_sequences":"a""#, "invalid_type", "stop_sequences"),
            (#""stop_sequences":[1]"#, "invalid_type", "stop_sequences[0]"),
            (#""stop_sequences":["a",""]"#, "invalid_value", "stop_sequences[1]"),
            (#""stream":1"#, "invalid_type", "stream"), (#""metadata":1"#, "invalid_type", "metadata"),
            (#""service_tier":"priority""#, "unsupported_value", "service_tier"),
            (#""speed":"fast""#, "unsupported_value", "speed"),
            (#""container":"c""#, "unsupported_parameter", "container"),
            (#""mcp_servers":[{"type":"url","name":"a","url":"b"}]"#, "unsupported_value", "mcp_servers"),
            (#""context_management":1"#, "invalid_type", "context_management"),
            (#""inference_geo":"us""#, "unsupported_parameter", "inference_geo"),
            (#""fallbacks":[]"#, "unsupported_parameter", "fallbacks"),
            (#""thread":{}"#, "unsupported_parameter", "thread"),
            (#""system":1"#, "invalid_type", "system"), (#""system":[1]"#, "invalid_type", "system[0]"),
            (#""system":[{"type":"image"}]"#, "unsupported_value", "system[0].type"),
            (#""thinking":true"#, "invalid_type", "thinking"),
            (#""thinking":{}"#, "missing_required_parameter", "thinking.type"),
            (#""thinking":{"type":"on"}"#, "invalid_value", "thinking.type"),
            (#""thinking":{"type":"enabled"}"#, "missing_required_parameter", "thinking.budget_tokens"),
            (
                #""thinking":{"type":"enabled","budget_tokens":0}"#, "integer_below_min_value",
                "thinking.budget_tokens"
            ),
            (#""thinking":{"type":"adaptive","budget_tokens":9}"#, "invalid_value", "thinking.budget_tokens"),
            (#""thinking":{"type":"disabled","budget_tokens":9}"#, "invalid_value", "thinking.budget_tokens"),
            (#""thinking":{"type":"disabled","display":"omitted"}"#, "invalid_value", "thinking.display"),
            (#""thinking":{"type":"adaptive","display":"all"}"#, "invalid_value", "thinking.display"),
            (#""thinking":{"type":"adaptive","x":1}"#, "unknown_parameter", "thinking.x"),
            (#""output_config":{"effort":"none"}"#, "invalid_value", "output_config.effort"),
            (#""output_config":{"task_budget":{}}"#, "unsupported_parameter", "output_config.task_budget"),
            (#""output_config":{"x":1}"#, "unknown_parameter", "output_config.x"),
            (#""output_config":{"format":{"type":"text"}}"#, "invalid_value", "output_config.format.type"),
            (
                #""output_config":{"format":{"type":"json_schema"}}"#, "missing_required_parameter",
                "output_config.format.schema"
            ),
            (
                #""output_config":{"format":{"type":"json_schema","schema":1}}"#, "invalid_type",
                "output_config.format.schema"
            ),
            (
                #""output_format":{"type":"json_schema","schema":{},"name":"n"}"#, "unknown_parameter",
                "output_format.name"
            ),
            (
                #""output_format":{"type":"json_schema","schema":{}},"output_config":{"format":{"type":"json_schema","schema":{}}}"#,
                "invalid_value", "output_format"
            ),
            (#""stop":["a"]"#, "unknown_parameter", "stop"), (#""n":2"#, "unknown_parameter", "n"),
        ])
    func values(_ fields: String, _ code: String, _ param: String) {
        let error = requestError(fields)
        #expect(error?.status == 400 && error?.type == "invalid_request_error")
        #expect(error?.code == code)
        #expect(error?.param == param)
        #expect(error?.message.contains(param) == true || code == "invalid_value")
    }

    @Test("Numbers are taken up to their ends, and no further")
    func extremes() throws {
        func decode(_ tokens: String) throws -> Int? {
            try MessagesRequest.decode(
                Array(#"{"model":"m","max_tokens":\#(tokens),"messages":[{"role":"user","content":"a"}]}"#.utf8),
                seal: TestSeal()
            ).generation.maximumTokens
        }
        #expect(try decode("1") == 1 && decode("2147483647") == 2_147_483_647)
        for (tokens, code) in [
            ("0", "integer_below_min_value"), ("-1", "integer_below_min_value"),
            ("2147483648", "integer_above_max_value"), ("9223372036854775807", "integer_above_max_value"),
            ("99999999999999999999", "integer_above_max_value"), ("-99999999999999999999", "integer_below_min_value"),
            ("1.0", "invalid_type"), ("1e3", "invalid_type"), ("\"1\"", "invalid_type"),
        ] {
            let error = #expect(throws: APIError.self) { try decode(tokens) }
            #expect(error?.code == code && error?.param == "max_tokens")
        }
        let sampling = try decodeRequest(#""temperature":0,"top_p":1e-300,"top_k":-1"#).generation.sampling
        #expect(sampling.temperature == 0 && sampling.topP == 1e-300 && sampling.topK == 0)
        let budget = #""thinking":{"type":"enabled","budget_tokens":2147483647}"#
        #expect(try decodeRequest(budget).generation.reasoning.budget == 2_147_483_647)
    }

    @Test("16 stop sequences of 4,096 bytes are taken, and not one or one byte more")
    func stopSequences() throws {
        func field(_ count: Int, _ bytes: Int) -> String {
            let list = (0..<count).map { _ in quoted(String(repeating: "a", count: bytes)) }
            return "\"stop_sequences\":[\(list.joined(separator: ","))]"
        }
        #expect(try decodeRequest(field(16, 4_096)).generation.stop.count == 16)
        #expect(requestError(field(17, 1))?.param == "stop_sequences")
        #expect(requestError(field(1, 4_097))?.param == "stop_sequences[0]")
    }

    @Test("An unknown field is refused by name, unless the server lets it pass")
    func unknown() throws {
        let fields = #""foo":1,"tools":[{"name":"a","input_schema":{},"bar":2}]"#
        let error = requestError(fields)
        #expect(error?.code == "unknown_parameter" && error?.param == "foo")
        let request = try MessagesRequest.decode(
            body(fields), options: .init(allowsUnknownFields: true), seal: TestSeal())
        #expect(request.generation.conversation.tools.count == 1)
        #expect(requestError(#""max_completion_tokens":1"#)?.message.contains("'max_tokens'") == true)
    }

    @Test("Null means absent for every field that may be absent")
    func null() throws {
        let names = [
            "system", "stop_sequences", "temperature", "top_p", "top_k", "thinking", "tools", "tool_choice", "metadata",
            "service_tier", "container", "mcp_servers", "context_management", "output_config", "output_format", "betas",
            "cache_control", "stream", "speed", "inference_geo", "diagnostics", "fallbacks", "thread",
        ]
        #expect(try decodeRequest(names.map { "\"\($0)\":null" }.joined(separator: ",")) == decodeRequest())
    }

    @Test(
        "Thinking is enabled, left to the model or disabled",
        arguments: [
            (#"{"type":"enabled","budget_tokens":1}"#, true, 1, .summarized),
            (#"{"type":"enabled","budget_tokens":2048,"display":"summarized"}"#, true, 2_048, .summarized),
            (#"{"type":"adaptive"}"#, nil, nil, .summarized),
            (#"{"type":"adaptive","display":"omitted","budget_tokens":null}"#, nil, nil, .omitted),
            (#"{"type":"disabled"}"#, false, nil, .summarized),
        ] as [(String, Bool?, Int?, MessagesRequest.ThinkingDisplay)])
    func thinking(_ value: String, _ isEnabled: Bool?, _ budget: Int?, _ display: MessagesRequest.ThinkingDisplay)
        throws
    {
        let request = try decodeRequest("\"thinking\":\(value)")
        #expect(request.generation.reasoning.isEnabled == isEnabled && request.generation.reasoning.budget == budget)
        #expect(request.thinkingDisplay == display)
    }

    @Test("Every effort is passed on as it is", arguments: ["low", "medium", "high", "xhigh", "max"])
    func effort(_ word: String) throws {
        #expect(try decodeRequest(#""output_config":{"effort":"\#(word)"}"#).generation.reasoning.effort == word)
    }

    @Test("A format is strict, and errors name where it stands, in either spelling")
    func format() throws {
        let schema = #"{"type":"object","properties":{"b":{},"a":{}}}"#
        let format = #"{"type":"json_schema","schema":\#(schema)}"#
        for (fields, path) in [
            (#""output_config":{"format":\#(format)}"#, "output_config.format.schema"),
            (#""output_format":\#(format),"output_config":{"effort":"low","format":null}"#, "output_format.schema"),
        ] {
            let request = try decodeRequest(fields)
            #expect(try request.generation.format == .jsonSchema(parseJSON(schema), isStrict: true))
            #expect(request.paths.format == path)
        }
    }
}

@Suite("Counting tokens")
struct CountTokensTests {
    @Test("The body needs no limit, may have one, and has no stream")
    func fields() throws {
        let messages = #""model":"m","messages":[{"role":"user","content":"Hi"}]"#
        func decode(_ body: String) throws -> CountTokensRequest {
            try CountTokensRequest.decode(Array("{\(body)}".utf8), seal: TestSeal())
        }
        let request = try decode(#"\#(messages),"system":"s","tools":[{"name":"a","input_schema":{}}]"#)
        #expect(request.model == "m" && request.generation.maximumTokens == nil && request.warnings.isEmpty)
        #expect(request.generation.conversation.messages == [Message(.system, "s"), Message(.user, "Hi")])
        #expect(request.generation.conversation.tools.count == 1 && request.paths.tools == ["tools[0].input_schema"])
        #expect(try decode(#"\#(messages),"max_tokens":5"#).generation.maximumTokens == 5)
        let error = #expect(throws: APIError.self) { try decode(#"\#(messages),"stream":true"#) }
        #expect(error?.param == "stream")
    }

    @Test("Reasoning of other models is not counted")
    func bind() throws {
        let seal = TestSeal()
        let block = #"{"type":"thinking","thinking":"","signature":\#(quoted(seal.seal("t", by: "other/x")))}"#
        let messages =
            #"[{"role":"user","content":"a"},{"role":"assistant","content":[\#(block)]},{"role":"user","content":"b"}]"#
        var request = try CountTokensRequest.decode(body(messages: messages), seal: seal)
        #expect(request.generation.conversation.messages[1].reasoning == "t")
        request.bind(to: testModel)
        #expect(request.generation.conversation.messages[1].reasoning == nil && request.warnings.count == 1)
    }

    @Test("The reply is one number")
    func reply() {
        #expect(String(decoding: CountTokensRequest.body(inputTokens: 12), as: UTF8.self) == #"{"input_tokens":12}"#)
    }
}
