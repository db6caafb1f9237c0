import OpenAIAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

/// A seal that hides nothing: `model|text`.
struct PlainSeal: ReasoningSeal {
    func scoped(to tenant: Tenant) -> any ReasoningSeal { self }

    func seal(_ text: String, by model: String) -> String { "\(model)|\(text)" }

    func open(_ sealed: String) -> SealedReasoning? {
        sealed.firstIndex(of: "|").map {
            SealedReasoning(text: String(sealed[sealed.index(after: $0)...]), model: String(sealed[..<$0]))
        }
    }
}

@Suite("Requests of the Responses route")
struct ResponsesRequestTests {
    static let model = ServedModel(id: "m/1", created: 1, owner: "o", fingerprint: "fp_1", contextLength: 100)

    static func decode(_ members: String) throws(APIError) -> ResponsesRequest {
        try ResponsesRequest.decode(Array("{\"model\":\"m\",\(members)}".utf8), seal: PlainSeal())
    }

    private static func messages(_ input: String) throws -> [Message] {
        try decode("\"input\":\(input)").generation.conversation.messages
    }

    private static func failure(_ members: String) -> APIError? {
        do {
            _ = try decode(members)
            return nil
        } catch { return error }
    }

    @Test("A text is a user's message, and instructions come before it")
    func text() throws {
        #expect(try Self.messages("\"hi\"") == [Message(.user, "hi")])
        let request = try Self.decode(#""instructions":"be brief","input":"hi""#)
        #expect(request.generation.conversation.messages == [Message(.system, "be brief"), Message(.user, "hi")])
        #expect(!request.stream && request.generation.maximumTokens == nil)
    }

    @Test("Items without a type are messages, whose parts may have any of the words for text")
    func messageItems() throws {
        let input = #"""
            [{"role":"developer","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
             {"type":"message","id":"msg_1","role":"user","content":"c","status":"completed","phase":null},
             {"role":"assistant","content":[{"type":"output_text","text":"d","annotations":[],"logprobs":[]},
               {"type":"refusal","refusal":"e"}]}]
            """#
        #expect(
            try Self.messages(input) == [
                Message(.developer, [.text("a"), .text("b")]), Message(.user, "c"),
                Message(.assistant, [.text("d"), .text("e")]),
            ])
    }

    @Test("Thoughts, texts and calls of one turn are one message, and what follows calls is another")
    func turns() throws {
        let input = #"""
            [{"role":"user","content":"q"},
             {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
             {"type":"message","role":"assistant","content":[{"type":"output_text","text":"let me look"}]},
             {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"a\":1}","status":"completed"},
             {"type":"custom_tool_call","call_id":"c2","name":"g","input":"x","later_field":null},
             {"type":"function_call_output","call_id":"c1","output":"1"},
             {"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"2"}]},
             {"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]},
             {"role":"assistant","content":"done"}]
            """#
        var first = Message(.assistant, "let me look")
        first.reasoning = "hm"
        first.toolCalls = [
            ToolCall(id: "c1", name: "f", arguments: "{\"a\":1}"), ToolCall(id: "c2", name: "g", arguments: "x"),
        ]
        var last = Message(.assistant, "done")
        last.reasoning = "so"
        #expect(
            try Self.messages(input) == [
                Message(.user, "q"), first, Message(.tool, "1", toolCallID: "c1"),
                Message(.tool, "2", toolCallID: "c2"), last,
            ])
    }

    @Test("What a model said behind calls belongs to their message, so that the results follow the calls")
    func behindCalls() throws {
        let input = #"""
            [{"role":"user","content":"q"},
             {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
             {"role":"assistant","content":"one moment"},
             {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
             {"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
             {"type":"function_call_output","call_id":"c1","output":"1"},
             {"type":"function_call_output","call_id":"c2","output":"2"}]
            """#
        var turn = Message(.assistant, "one moment")
        turn.reasoning = "hm"
        turn.toolCalls = ["c1", "c2"].map { ToolCall(id: $0, name: "f", arguments: "{}") }
        #expect(
            try Self.messages(input) == [
                Message(.user, "q"), turn, Message(.tool, "1", toolCallID: "c1"),
                Message(.tool, "2", toolCallID: "c2"),
            ])
    }

    @Test("Sealed reasoning is opened; another model's and a broken seal are left out and reported")
    func seals() throws {
        let input = #"""
            "input":[{"role":"user","content":"q"},
             {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"m/1|mine"},
             {"role":"assistant","content":"a"},{"role":"user","content":"r"},
             {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"other/1|theirs"},
             {"role":"assistant","content":"b"},{"role":"user","content":"s"},
             {"type":"reasoning","id":"rs_3","summary":[],"encrypted_content":"broken"},
             {"role":"assistant","content":"c"},{"role":"user","content":"t"}]
            """#
        var request = try Self.decode(input)
        request.bind(to: Self.model)
        let messages = request.generation.conversation.messages
        #expect(messages.map(\.reasoning) == [nil, "mine", nil, nil, nil, nil, nil])
        #expect(request.transformations.count == 2)
        #expect(request.warnings.map(\.keyword) == ["reasoning", "reasoning"])
        #expect(request.warnings[1].message.hasSuffix("it was made by the model 'other/1'"))
        let body = try ResponsesReplyTests.whole(request, [.text(choice: 0, "x", [])], .stop)
        let removed = try #require(body["input_transformations"])
        #expect(
            removed
                == .array([
                    .object(
                        JSONObject([
                            .init(name: "id", value: "rs_3"), .init(name: "type", value: "reasoning"),
                            .init(name: "action", value: "removed"),
                            .init(name: "reason", value: "organization_mismatch"),
                        ])),
                    .object(
                        JSONObject([
                            .init(name: "id", value: "rs_2"), .init(name: "type", value: "reasoning"),
                            .init(name: "action", value: "removed"),
                            .init(name: "reason", value: "model_mismatch"),
                        ])),
                ]))
    }

    @Test("Another model's reasoning takes none of the other items of its message with it")
    func foreignThoughtAmongOthers() throws {
        func thought(_ id: String, _ rest: String) -> String { #"{"type":"reasoning","id":"\#(id)",\#(rest)}"# }
        let items = [
            thought("rs_1", #""encrypted_content":"m/1|mine""#),
            thought("rs_2", #""encrypted_content":"other/1|theirs""#),
            thought("rs_3", #""content":[{"type":"reasoning_text","text":"bare"}]"#),
        ]
        var request = try Self.decode(
            #""input":[\#(items.joined(separator: ",")),{"role":"assistant","content":"a"},{"role":"user","content":"q"}]"#
        )
        request.bind(to: Self.model)
        #expect(request.generation.conversation.messages[0].reasoning == "mine\nbare")
        #expect(request.transformations.count == 1 && request.warnings.count == 1)
        let bound = request
        request.bind(to: Self.model)
        #expect(request == bound)
    }

    @Test("Many reasoning items of one turn cost time in proportion to their text")
    func manyThoughts() throws {
        func body(_ count: Int) -> [UInt8] {
            let text = String(repeating: "t", count: 60)
            let item = #"{"type":"reasoning","content":[{"type":"reasoning_text","text":"\#(text)"}]}"#
            let items = Array(repeating: item, count: count).joined(separator: ",")
            return Array(#"{"model":"m","input":[\#(items),{"role":"user","content":"q"}]}"#.utf8)
        }
        func time(_ count: Int) throws -> Duration {
            let body = body(count)
            return try leastProcessorTime { _ = try ResponsesRequest.decode(body, seal: PlainSeal()) }
        }
        #expect(try time(24_000) < time(3_000) * 20)
    }

    @Test("Tools stand flat, in namespaces too, and hosted ones are left out with a warning")
    func tools() throws {
        let request = try Self.decode(
            #"""
            "input":"q","tools":[
              {"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false},
              {"type":"web_search","external_web_access":false},
              {"type":"custom","name":"g","format":{"type":"grammar","syntax":"regex","definition":"a+"}},
              {"type":"namespace","name":"n","description":"about","tools":[
                {"type":"function","name":"f","parameters":null},{"type":"function","name":"h","description":"e"}]}],
            "tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},
              {"type":"function","name":"h","namespace":"n"},{"type":"web_search"}]},"parallel_tool_calls":false
            """#)
        let conversation = request.generation.conversation
        #expect(conversation.tools.map(\.name) == ["f", "g", "n__f", "n__h"])
        #expect(conversation.tools.map(\.description) == ["d", nil, "about", "e"])
        #expect(conversation.tools[1].input == .text(.pattern("a+")))
        #expect(conversation.toolChoice == .allowed(["f", "n__h"], isRequired: true))
        #expect(!conversation.allowsParallelToolCalls)
        #expect(request.warnings.map(\.pointer) == ["/tools/1"])
        #expect(request.paths.tools[1] == "tools[2].format.definition")
    }

    @Test("A call of a tool in a namespace comes back under the name that the model knows")
    func namespacedCall() throws {
        let messages = try Self.messages(
            #"[{"role":"user","content":"q"},{"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":""}]"#
        )
        #expect(messages[1].toolCalls == [ToolCall(id: "c", name: "n__f", arguments: "{}")])
    }

    @Test("Fields of newer clients that change nothing are taken")
    func newerFields() throws {
        let request = try Self.decode(
            #"""
            "input":[{"role":"user","content":"q"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
              {"type":"function_call_output","call_id":"c","output":"1","name":"f","namespace":null}],
            "tools":[{"type":"function","name":"f","async":false},{"type":"programmatic_tool_calling"}],
            "access_programs":{"cyber":"standard"},"image":{"context_compression":"auto"},
            "reasoning":{"mode":"standard","context":"auto"}
            """#)
        #expect(request.generation.conversation.messages.last == Message(.tool, "1", toolCallID: "c"))
        #expect(request.warnings.map(\.pointer) == ["/tools/1"])
    }

    @Test("Formats, effort, limits and reports reach the generation")
    func parameters() throws {
        let request = try Self.decode(
            #"""
            "input":"q","text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"},"strict":true}},
            "reasoning":{"effort":"low","summary":"auto"},"max_output_tokens":7,"temperature":0.5,"top_p":0.9,
            "include":["reasoning.encrypted_content","message.output_text.logprobs"],"top_logprobs":2,"stream":true,
            "stream_options":{"include_obfuscation":true},"store":false,"metadata":{"a":"b"},
            "prompt_cache_key":"k","client_metadata":{"x":"y"},"truncation":"disabled","service_tier":"auto"
            """#)
        let generation = request.generation
        #expect(
            generation.format
                == .jsonSchema(.object(JSONObject([.init(name: "type", value: "object")])), isStrict: true))
        #expect(request.paths.format == "text.format.schema")
        #expect(generation.reasoning.effort == "low" && generation.reasoning.isEnabled == true)
        #expect(generation.maximumTokens == 7 && generation.reportedAlternatives == 2 && request.stream)
        #expect(generation.sampling.temperature == 0.5 && generation.sampling.topP == 0.9)
        let off = try Self.decode(#""input":"q","reasoning":{"effort":"none"}"#).generation.reasoning
        #expect(off.isEnabled == false && off.effort == nil)
    }

    static let refused: [(String, String?, String?)] = [
        (#""input":[]"#, "invalid_value", "input"),
        (#""stream":true"#, "missing_required_parameter", "input"),
        (#""input":7"#, "invalid_type", "input"),
        (#""input":[7]"#, "invalid_type", "input[0]"),
        (#""input":[{"type":"item_reference","id":"x"}]"#, "unsupported_value", "input[0].type"),
        (#""input":[{"id":"x"}]"#, "unsupported_value", "input[0].type"),
        (#""input":[{"id":"x","role":"user"}]"#, "missing_required_parameter", "input[0].content"),
        (#""input":[{"type":"program_output","id":"x"}]"#, "unsupported_value", "input[0].type"),
        (#""input":"q","reasoning":{"mode":"pro"}"#, "unsupported_value", "reasoning.mode"),
        (#""input":"q","background_options":{}"#, "unsupported_parameter", "background_options"),
        (#""input":"q","tools":[{"type":"function","name":"f","async":true}]"#, "unsupported_value", "tools[0].async"),
        (#""input":[{"type":"compaction","encrypted_content":"x"}]"#, "unsupported_value", "input[0].type"),
        (#""input":[{"type":"program","code":"x"}]"#, "unsupported_value", "input[0].type"),
        (#""input":[{"type":"tool_search_call"}]"#, "unsupported_value", "input[0].type"),
        (#""input":[{"type":"nonsense"}]"#, "invalid_value", "input[0].type"),
        (#""input":[{"role":"tool","content":"x"}]"#, "invalid_value", "input[0].role"),
        (
            #""input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]"#, "unsupported_value",
            "input[0].content[0].type"
        ),
        (
            #""input":[{"type":"function_call","name":"f","arguments":"{}"}]"#, "missing_required_parameter",
            "input[0].call_id"
        ),
        (#""input":"q","store":true"#, "unsupported_value", "store"),
        (#""input":"q","background":true"#, "unsupported_value", "background"),
        (#""input":"q","previous_response_id":"r""#, "unsupported_parameter", "previous_response_id"),
        (#""input":"q","conversation":"c""#, "unsupported_parameter", "conversation"),
        (#""input":"q","truncation":"auto""#, "unsupported_value", "truncation"),
        (#""input":"q","include":["everything"]"#, "invalid_value", "include[0]"),
        (#""input":"q","top_logprobs":1"#, "invalid_value", "top_logprobs"),
        (#""input":"q","max_output_tokens":0"#, "integer_below_min_value", "max_output_tokens"),
        (#""input":"q","max_output_tokens":1e3"#, "invalid_type", "max_output_tokens"),
        (#""input":"q","temperature":3"#, "decimal_above_max_value", "temperature"),
        (#""input":"q","tool_choice":"required""#, "invalid_value", "tool_choice"),
        (#""input":"q","tools":[{"type":"web_search"}],"tool_choice":"required""#, "invalid_value", "tool_choice"),
        (
            #""input":"q","tools":[{"type":"web_search"}],"tool_choice":{"type":"web_search"}"#, "unsupported_value",
            "tool_choice.type"
        ),
        (
            #""input":"q","tools":[{"type":"function","name":"f"},{"type":"function","name":"f"}]"#, "invalid_value",
            "tools[1].name"
        ),
        (
            #""input":"q","tools":[{"type":"function","function":{"name":"f"}}]"#, "unknown_parameter",
            "tools[0].function"
        ),
        (#""input":"q","text":{"format":{"type":"json_schema"}}"#, "missing_required_parameter", "text.format.name"),
        (#""input":"q","reasoning":{"effort":"huge"}"#, "invalid_value", "reasoning.effort"),
        (#""input":"q","max_tokens":5"#, "unknown_parameter", "max_tokens"),
        (#""input":"q","stream_options":{"include_obfuscation":false}"#, "invalid_value", "stream_options"),
    ]

    @Test("What does not fit is refused by name", arguments: refused)
    func refusals(_ members: String, _ code: String?, _ param: String?) {
        let error = Self.failure(members)
        #expect(error?.status == 400)
        #expect(error?.code == code, "\(members): \(error?.message ?? "")")
        #expect(error?.param == param, "\(members): \(error?.message ?? "")")
    }

    @Test(
        "A prompt that cannot be made names the input",
        arguments: [
            GenerationError(
                .promptTooLong, "too long", overflow: .init(contextLength: 8, promptTokens: 9)),
            GenerationError(.noTemplate, "no template"), GenerationError(.template, "refused"),
        ])
    func promptErrors(_ error: GenerationError) throws {
        let paths = try Self.decode(#""input":"q""#).paths
        #expect(APIError(error, requestedTokens: nil, paths: paths)?.param == "input")
        #expect(APIError(error, requestedTokens: nil)?.param == "messages")
    }

    @Test("A reply that can hold nothing is blamed on its format, or on the tools that it has to call")
    func unsatisfiable() throws {
        let error = GenerationError(.invalidParameter, "nothing can satisfy it", parameter: .format)
        func param(_ members: String) throws -> String? {
            APIError(error, requestedTokens: nil, paths: try Self.decode(#""input":"q",\#(members)"#).paths)?.param
        }
        let tools = #""tools":[{"type":"function","name":"f","parameters":{"not":{}}}]"#
        #expect(try param(tools) == "tools")
        #expect(FieldPaths(tools: ["functions[0].parameters"]).path(of: .format) == "functions")
        #expect(try param(#"\#(tools),"text":{"format":{"type":"json_object"}}"#) == "text.format.type")
    }

    @Test("10,000 items and hostile words take time in proportion to their bytes")
    func hostile() throws {
        let items = (0..<10_000).map { "{\"role\":\"\($0 % 2 == 0 ? "user" : "assistant")\",\"content\":\"\($0)\"}" }
        #expect(try Self.messages("[\(items.joined(separator: ","))]").count == 10_000)
        #expect(
            Self.failure("\"input\":[{\"type\":\"\(String(repeating: "a\u{301}\u{316}", count: 100_000))\"}]") != nil)
    }
}
