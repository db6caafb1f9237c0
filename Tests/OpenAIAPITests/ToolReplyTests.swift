import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Calls and reasoning in replies")
struct ToolReplyTests {
    private static let model = ServedModel(id: "a/b", created: 0, owner: "o", fingerprint: "fp_1", contextLength: 8)

    /// Both tools of ``request(_:)``, with arguments in pieces.
    private static let calls: [GenerationEvent] = [
        .toolCall(choice: 0, ToolCallDelta(index: 0, start: .init(id: "call_a", name: "f"), arguments: "")),
        .toolCall(choice: 0, ToolCallDelta(index: 0, arguments: "{\"x\":")),
        .toolCall(choice: 0, ToolCallDelta(index: 0, arguments: "1}")),
        .toolCall(choice: 0, ToolCallDelta(index: 1, start: .init(id: "call_b", name: "c"), arguments: "ls")),
    ]

    private static func usage(reasoning: Int = 0) -> GenerationEvent {
        var usage = Usage(promptTokens: 2, completionTokens: 3)
        usage.reasoningTokens = reasoning
        return .usage(usage)
    }

    private static let tools = #"""
        "tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]
        """#

    /// The whole reply without what is the same in all: its `choices` and `usage`.
    private static func whole(
        _ fields: String, field: ReasoningField = .reasoningContent, _ events: [GenerationEvent]
    ) throws -> String {
        var request = try decodeRequest(fields)
        request.reasoningField = field
        var reply = ChatCompletionAssembly(request, by: model, created: 0)
        for event in [.accepted(promptTokens: 2)] + events { try reply.add(event) }
        let body = String(decoding: try reply.body(), as: UTF8.self)
        let start = try #require(body.firstRange(of: #""choices":"#)).upperBound
        return String(body[start...].dropLast())
    }

    private static func whole(
        field: ReasoningField = .reasoningContent, _ events: [GenerationEvent]
    ) throws -> String { try whole(tools, field: field, events) }

    private static func streamed(
        field: ReasoningField = .reasoningContent, _ events: [GenerationEvent]
    ) throws -> [String] { try streamed(tools, field: field, events) }

    /// The choices of each chunk after the opening ones, and what ends the stream.
    private static func streamed(
        _ fields: String, field: ReasoningField = .reasoningContent, _ events: [GenerationEvent]
    ) throws -> [String] {
        var request = try decodeRequest(#""stream":true,"# + fields)
        request.reasoningField = field
        var reply = ChatCompletionStream(request, by: model, created: 0)
        var bytes: [UInt8] = []
        for event in [.accepted(promptTokens: 2)] + events { bytes += try reply.encode(event) }
        bytes += try reply.end()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n\n").map { event in
            guard let start = event.firstRange(of: #""choices":["#) else { return String(event) }
            return String(event[start.upperBound...].dropLast("]}".utf8.count))
        }
    }

    private static func chunk(_ delta: String, _ reason: String = "null", index: Int = 0) -> String {
        #"{"index":\#(index),"delta":\#(delta),"logprobs":null,"finish_reason":\#(reason)}"#
    }

    private static func message(_ message: String, _ reason: String) -> String {
        #"[{"index":0,"message":{"role":"assistant",\#(message)},"logprobs":null,"finish_reason":"\#(reason)"}],"#
            + #""usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}"#
    }

    // MARK: Calls

    @Test("Calls of a whole reply stand in `tool_calls`, each in the shape of its tool, beside null")
    func wholeCalls() throws {
        #expect(
            try Self.whole(Self.calls + [.finished(choice: 0, .toolCalls), Self.usage()])
                == Self.message(
                    #""content":null,"tool_calls":[{"id":"call_a","type":"function","#
                        + #""function":{"name":"f","arguments":"{\"x\":1}"}},"#
                        + #"{"id":"call_b","type":"custom","custom":{"name":"c","input":"ls"}}]"#, "tool_calls"))
    }

    @Test("Text before a call stays content")
    func textAndCall() throws {
        let events: [GenerationEvent] =
            [.text(choice: 0, "Well.", [])] + Array(Self.calls.prefix(2)) + [
                .finished(choice: 0, .length), Self.usage(),
            ]
        #expect(
            try Self.whole(events)
                == Self.message(
                    #""content":"Well.","tool_calls":[{"id":"call_a","type":"function","#
                        + #""function":{"name":"f","arguments":"{\"x\":"}}]"#, "length"))
    }

    @Test("A streamed call begins with its name and empty arguments, and goes on in pieces")
    func streamedCalls() throws {
        #expect(
            try Self.streamed(Self.calls + [.finished(choice: 0, .toolCalls), Self.usage()]) == [
                Self.chunk(
                    #"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"f","arguments":""}}]}"#
                ),
                Self.chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}"#),
                Self.chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}"#),
                Self.chunk(
                    #"{"tool_calls":[{"index":1,"id":"call_b","type":"custom","custom":{"name":"c","input":""}}]}"#),
                Self.chunk(#"{"tool_calls":[{"index":1,"custom":{"input":"ls"}}]}"#),
                Self.chunk("{}", #""tool_calls""#), "data: [DONE]",
            ])
    }

    @Test("A name that no tool has is told as a function's")
    func inventedName() throws {
        let call = GenerationEvent.toolCall(
            choice: 0, ToolCallDelta(index: 0, start: .init(id: "i", name: "made up"), arguments: "{}"))
        let end = [GenerationEvent.finished(choice: 0, .toolCalls), Self.usage()]
        #expect(
            try Self.whole([call] + end)
                == Self.message(
                    #""content":null,"tool_calls":[{"id":"i","type":"function","function":{"name":"made up","arguments":"{}"}}]"#,
                    "tool_calls"))
        #expect(try Self.streamed([call] + end)[0].contains(#""type":"function","function":{"name":"made up""#))
    }

    @Test("The calls of two choices are counted each for itself")
    func twoChoices() throws {
        func call(_ choice: Int, _ index: Int, _ name: String) -> GenerationEvent {
            .toolCall(choice: choice, ToolCallDelta(index: index, start: .init(id: name, name: name), arguments: name))
        }
        let events: [GenerationEvent] = [
            call(1, 0, "c"), call(0, 0, "f"), call(1, 1, "f"), .finished(choice: 0, .toolCalls),
            .finished(choice: 1, .toolCalls), Self.usage(),
        ]
        let whole = try Self.whole(Self.tools + #","n":2"#, events)
        #expect(whole.contains(#"{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"f","#))
        #expect(
            whole.contains(
                #"[{"id":"c","type":"custom","custom":{"name":"c","input":"c"}},{"id":"f","type":"function","#
                    + #""function":{"name":"f","arguments":"f"}}]"#))
        let chunks = try Self.streamed(Self.tools + #","n":2"#, events)
        #expect(chunks[1] == Self.chunk(#"{"tool_calls":[{"index":0,"custom":{"input":"c"}}]}"#, index: 1))
        #expect(chunks[3] == Self.chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"f"}}]}"#))
        #expect(chunks[5] == Self.chunk(#"{"tool_calls":[{"index":1,"function":{"arguments":"f"}}]}"#, index: 1))
    }

    @Test("A request with `functions` is answered in its own shape")
    func oldShape() throws {
        let functions = #""functions":[{"name":"f"}]"#
        let events: [GenerationEvent] = Array(Self.calls.prefix(3)) + [.finished(choice: 0, .toolCalls), Self.usage()]
        #expect(
            try Self.whole(functions, events)
                == Self.message(
                    #""content":null,"function_call":{"name":"f","arguments":"{\"x\":1}"}"#, "function_call"))
        #expect(
            try Self.streamed(functions, events) == [
                Self.chunk(#"{"function_call":{"name":"f","arguments":""}}"#),
                Self.chunk(#"{"function_call":{"arguments":"{\"x\":"}}"#),
                Self.chunk(#"{"function_call":{"arguments":"1}"}}"#), Self.chunk("{}", #""function_call""#),
                "data: [DONE]",
            ])
        let plain = try Self.whole(functions, [.text(choice: 0, "a", []), .finished(choice: 0, .stop), Self.usage()])
        #expect(plain == Self.message(#""content":"a""#, "stop"))
        // The request allows no parallel calls, so that a second one is a generator's slip.
        let second: [GenerationEvent] = Self.calls + [.finished(choice: 0, .toolCalls), Self.usage()]
        #expect(throws: GenerationError.self) { try Self.whole(functions, second) }
        #expect(throws: GenerationError.self) { try Self.streamed(functions, second) }
    }

    @Test("Arguments of a call that has not begun are an error of the generator, never a trap")
    func strayArguments() throws {
        for index in [-1, 0, 1, Int.max] {
            let events: [GenerationEvent] = [.toolCall(choice: 0, ToolCallDelta(index: index, arguments: "x"))]
            let whole = #expect(throws: GenerationError.self) { try Self.whole(events) }
            let streamed = #expect(throws: GenerationError.self) { try Self.streamed(events) }
            #expect(whole?.code == .internal && streamed?.code == .internal)
        }
        for index in [-1, 1, Int.max] {
            let events: [GenerationEvent] = [
                .toolCall(choice: 0, ToolCallDelta(index: index, start: .init(id: "i", name: "f"), arguments: ""))
            ]
            #expect(throws: GenerationError.self) { try Self.whole(events) }
            #expect(throws: GenerationError.self) { try Self.streamed(events) }
        }
    }

    // MARK: Reasoning

    private static let thought: [GenerationEvent] = [
        .reasoning(choice: 0, "Let me ", []), .reasoning(choice: 0, "see.", []), .text(choice: 0, "Yes", []),
        .finished(choice: 0, .stop),
    ]

    @Test("Reasoning has a field of its own, of which the server chooses the name", arguments: ReasoningField.allCases)
    func reasoning(_ field: ReasoningField) throws {
        let name = field.rawValue
        let whole = try Self.whole("\"n\":1", field: field, Self.thought + [Self.usage()])
        #expect(whole == Self.message(#""content":"Yes","\#(name)":"Let me see.""#, "stop"))
        #expect(
            try Self.streamed("\"n\":1", field: field, Self.thought + [Self.usage()]) == [
                Self.chunk(#"{"\#(name)":"Let me "}"#), Self.chunk(#"{"\#(name)":"see."}"#),
                Self.chunk(#"{"content":"Yes"}"#), Self.chunk("{}", #""stop""#), "data: [DONE]",
            ])
    }

    @Test("A reply that was cut while it thought has empty content, not null")
    func onlyReasoning() throws {
        let events: [GenerationEvent] = [.reasoning(choice: 0, "Hm", []), .finished(choice: 0, .length), Self.usage()]
        #expect(try Self.whole(events) == Self.message(#""content":"","reasoning_content":"Hm""#, "length"))
    }

    @Test("Tokens of the reasoning are counted in the usage where there are any")
    func reasoningTokens() throws {
        let whole = try Self.whole(Self.thought + [Self.usage(reasoning: 2)])
        #expect(
            whole.hasSuffix(#""total_tokens":5,"completion_tokens_details":{"reasoning_tokens":2}}"#))
        let streamed = try Self.streamed(
            #""stream_options":{"include_usage":true}"#, Self.thought + [Self.usage(reasoning: 2)])
        #expect(streamed.contains { $0.contains(#""completion_tokens_details":{"reasoning_tokens":2}"#) })
        #expect(try !Self.whole(Self.thought + [Self.usage()]).contains("details"))
    }

    @Test("Log probabilities of the reasoning stay apart from those of the content")
    func logprobs() throws {
        func report(_ text: String) -> TokenReport {
            TokenReport(token: .init(bytes: Array(text.utf8), logprob: -1), alternatives: [])
        }
        func entry(_ text: String) -> String {
            #"{"token":"\#(text)","logprob":-1.0,"bytes":[\#(text.utf8.map { "\($0)" }.joined(separator: ","))],"top_logprobs":[]}"#
        }
        let events: [GenerationEvent] = [
            .reasoning(choice: 0, "r", [report("r")]), .text(choice: 0, "t", [report("t")]),
            .finished(choice: 0, .stop), Self.usage(),
        ]
        for field in ReasoningField.allCases {
            let whole = try Self.whole(#""logprobs":true"#, field: field, events)
            #expect(
                whole.contains(
                    #""logprobs":{"content":[\#(entry("t"))],"refusal":null,"\#(field.rawValue)":[\#(entry("r"))]}"#))
            let chunks = try Self.streamed(#""logprobs":true"#, field: field, events)
            #expect(
                chunks[0].contains(
                    #""delta":{"\#(field.rawValue)":"r"},"logprobs":{"content":[\#(entry("r"))],"refusal":null}"#))
            #expect(chunks[1].contains(#""logprobs":{"content":[\#(entry("t"))],"refusal":null}"#))
        }
        #expect(try !Self.whole(events).contains("\"bytes\""))
        #expect(try !Self.streamed(events).joined().contains("\"bytes\""))
    }

    // MARK: Round trips

    @Test("What a reply holds is taken back, whatever its characters are")
    func roundTrip() throws {
        let odd = "\u{0}\"\\\n\u{2028}\u{1F600}e\u{301}\u{316}"
        for (fields, isOld) in [(Self.tools, false), (#""functions":[{"name":"f"}]"#, true)] {
            for field in ReasoningField.allCases {
                let whole = try Self.whole(
                    fields, field: field,
                    [
                        .reasoning(choice: 0, odd, []), .text(choice: 0, odd, []),
                        .toolCall(
                            choice: 0, ToolCallDelta(index: 0, start: .init(id: odd, name: odd), arguments: odd)),
                        .finished(choice: 0, .toolCalls), Self.usage(),
                    ])
                let choices = try parseJSON(#"{"choices":\#(whole)}"#).member("choices")
                let message = try #require(choices?.element(0)?.member("message"))
                var writer = JSONWriter()
                writer.value(message)
                let text = String(decoding: writer.bytes, as: UTF8.self)
                let request = try ChatCompletionRequest.decode(
                    Array(#"{"model":"m","messages":[\#(text)]}"#.utf8))
                var expected = Message(.assistant, odd)
                expected.reasoning = odd
                expected.toolCalls = [ToolCall(id: isOld ? "call_0" : odd, name: odd, arguments: odd)]
                #expect(request.generation.conversation.messages == [expected])
            }
        }
    }
}

@Suite("Errors of a tool")
struct ToolErrorTests {
    private static func error(
        _ code: GenerationError.Code, _ parameter: GenerationError.Parameter, pointer: String? = nil,
        _ paths: FieldPaths
    ) -> APIError? {
        APIError(
            GenerationError(code, "it does not fit", parameter: parameter, pointer: pointer), requestedTokens: nil,
            paths: paths)
    }

    @Test("What is wrong with a tool is told with the field that it was sent in")
    func tool() throws {
        let paths = try decodeRequest(
            #""tools":[{"type":"mcp"},{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]"#
        ).paths
        let invalid = Self.error(.invalidParameter, .tool(0), pointer: "/properties/a", paths)
        #expect(invalid?.param == "tools[1].function.parameters" && invalid?.code == "invalid_value")
        #expect(
            invalid?.message
                == "Invalid 'tools[1].function.parameters': it does not fit (at '/properties/a').")
        let unsupported = Self.error(.unsupportedParameter, .tool(1), paths)
        #expect(unsupported?.param == "tools[2].custom.format" && unsupported?.code == "unsupported_value")
        #expect(Self.error(.nothingAllowed, .tool(0), paths)?.param == "tools[1].function.parameters")
        #expect(Self.error(.invalidParameter, .tool(9), paths)?.param == "tools[9]")
    }

    @Test("What is wrong with a choice is told in the request's own spelling")
    func choice() throws {
        #expect(Self.error(.unsupportedParameter, .toolChoice, FieldPaths())?.param == "tool_choice")
        let old = try decodeRequest(#""functions":[{"name":"f"}]"#).paths
        #expect(Self.error(.unsupportedParameter, .toolChoice, old)?.param == "function_call")
        #expect(Self.error(.invalidParameter, .tool(0), old)?.param == "functions[0].parameters")
    }
}
