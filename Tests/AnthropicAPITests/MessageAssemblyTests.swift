import AnthropicAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

@Suite("Whole replies of the Messages API")
struct MessageAssemblyTests {
    private static let usage = #"""
        "usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3,"output_tokens_details":{"thinking_tokens":0},"cache_creation":null,"server_tool_use":null,"service_tier":"standard","speed":null,"inference_geo":null}
        """#

    private static func call(_ id: String, _ name: String, _ input: String) -> String {
        #"{"type":"tool_use","id":"\#(id)","name":"\#(name)","input":\#(input),"caller":{"type":"direct"}}"#
    }

    private static func text(_ text: String) -> String {
        #"{"type":"text","text":\#(quoted(text)),"citations":null}"#
    }

    private static func thinking(_ text: String, sealed: String? = nil) -> String {
        let signature = TestSeal().seal(sealed ?? text, by: "a/b")
        return #"{"type":"thinking","thinking":\#(quoted(text)),"signature":\#(quoted(signature))}"#
    }

    @Test("A reply is told byte for byte")
    func bytes() throws {
        let whole = try Reply.whole(Reply.events([Reply.text("Par"), Reply.text("is.")]))
        #expect(
            whole == #"""
                {"id":"msg_1","type":"message","role":"assistant","model":"a/b","content":[{"type":"text","text":"Paris.","citations":null}],"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,\#(Self.usage)}
                """#)
    }

    @Test("Blocks keep the order in which the model said them")
    func order() throws {
        let said = [
            Reply.reasoning("I "), Reply.reasoning("think."), Reply.text("a"), Reply.text("b"),
            Reply.call(0, "1", "f", "{\"x\":"), Reply.more(0, "1}"), Reply.call(1, "2", "g"), Reply.text("c"),
            Reply.reasoning("more"), Reply.call(2, "3", "f", "{}"), Reply.text("d"),
        ]
        let expected = [
            Self.thinking("I think."), Self.text("ab"), Self.call("1", "f", "{\"x\":1}"), Self.call("2", "g", "{}"),
            Self.text("c"), Self.thinking("more"), Self.call("3", "f", "{}"), Self.text("d"),
        ]
        #expect(try Reply.content(said, .toolCalls) == expected.joined(separator: ","))
    }

    @Test("A reply that says nothing has no block, and empty pieces make none")
    func nothing() throws {
        #expect(try Reply.content([]).isEmpty)
        #expect(try Reply.content([Reply.text(""), Reply.reasoning(""), Reply.text("")]).isEmpty)
        #expect(try Reply.content([Reply.text("a"), Reply.reasoning(""), Reply.text("b")]) == Self.text("ab"))
    }

    @Test("Omitted thinking is empty, and its signature carries the text")
    func omitted() throws {
        let said = [Reply.reasoning("secret"), Reply.text("a")]
        let content = try Reply.content(said, omitted: true)
        #expect(content == Self.thinking("", sealed: "secret") + "," + Self.text("a"))
        #expect(TestSeal().open(TestSeal().seal("secret", by: "a/b"))?.text == "secret")
    }

    @Test(
        "Why a reply ended",
        arguments: [
            (.stop, "\"end_turn\"", "null"), (.length, "\"max_tokens\"", "null"),
            (.contextEnd, "\"model_context_window_exceeded\"", "null"), (.toolCalls, "\"tool_use\"", "null"),
            (.stopString("\n\"E\""), "\"stop_sequence\"", #""\n\"E\"""#),
        ] as [(FinishReason, String, String)])
    func reasons(_ reason: FinishReason, _ name: String, _ sequence: String) throws {
        let expected = #""stop_reason":\#(name),"stop_sequence":\#(sequence),"stop_details":null"#
        #expect(try Reply.whole(Reply.events([Reply.text("a")], reason)).contains(expected))
        let delta = try Reply.streamed(Reply.events([Reply.text("a")], reason)).dropLast().last
        #expect(delta?.contains(#""delta":{\#(expected)"#) == true)
    }

    @Test(
        "Tokens of the prompt that were reused are no input tokens",
        arguments: [(5, nil, 5, 0), (5, 0, 5, 0), (5, 4, 1, 4), (5, 5, 0, 5), (Int.max, 1, Int.max - 1, 1)]
            as [(Int, Int?, Int, Int)])
    func usage(_ prompt: Int, _ cached: Int?, _ input: Int, _ read: Int) throws {
        let events = [
            .accepted(promptTokens: prompt), Reply.finished(),
            Reply.usage(prompt: prompt, cached: cached, completion: 7, reasoning: 2),
        ]
        let counts =
            #""usage":{"input_tokens":\#(input),"cache_creation_input_tokens":0,"cache_read_input_tokens":\#(read),"output_tokens":7,"output_tokens_details":{"thinking_tokens":2},"#
        #expect(try Reply.whole(events).contains(counts))
        #expect(try Reply.streamed(events).dropLast().last?.contains(counts) == true)
    }

    @Test(
        "A call without a whole object has no input, and what was said of it follows as text",
        arguments: [
            "{\"path\":\"/tm", "{\"a\":1", "{", "[1]", "\"a\"", "1", "null", "{\"a\":1}}", "{\"a\":1,\"a\":2}", " ",
            "{'a':1}",
        ])
    func cut(_ arguments: String) throws {
        let content = try Reply.content([Reply.call(0, "1", "f", arguments), Reply.text("b")], .length)
        #expect(content == [Self.call("1", "f", "{}"), Self.text(arguments), Self.text("b")].joined(separator: ","))
        #expect(try parseJSON("[\(content)]").element(0)?.member("input") == .object(JSONObject()))
    }

    @Test(
        "Arguments that are a whole object are told as they are written",
        arguments: ["{}", " {\"a\" : 1.50}\n", "{\"a\":[{}]}"])
    func input(_ arguments: String) throws {
        #expect(try Reply.content([Reply.call(0, "1", "f", arguments)], .toolCalls) == Self.call("1", "f", arguments))
    }

    @Test("Every key that a client's types have is there, in the reply and in its usage")
    func keys() throws {
        let reply = try parseJSON(Reply.whole(Reply.events([Reply.text("a")])))
        #expect(
            reply.names == [
                "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "container",
                "diagnostics", "usage",
            ])
        #expect(
            reply.member("usage")?.names == [
                "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
                "output_tokens_details", "cache_creation", "server_tool_use", "service_tier", "speed", "inference_geo",
            ])
    }

    @Test("Identifiers are new for each reply")
    func identifiers() throws {
        let request = try Reply.request()
        let bodies = try (0..<2).map { _ in
            var reply = MessageAssembly(request, by: testModel, seal: TestSeal())
            for event in Reply.events([]) { try reply.add(event) }
            return try JSONValue.parse(reply.body(), limits: .body).member("id")?.text ?? ""
        }
        #expect(bodies[0] != bodies[1] && bodies.allSatisfy { $0.hasPrefix("\"msg_") && $0.utf8.count == 30 })
    }

    @Test("Events out of order are an error of ours, in both kinds of reply")
    func disorder() {
        let sequences: [[GenerationEvent]] = [
            [.accepted(promptTokens: 1), Reply.text("a"), Reply.finished()],
            [.accepted(promptTokens: 1), Reply.usage()],
            [.accepted(promptTokens: 1), Reply.finished(), Reply.text("a"), Reply.usage()],
            [.accepted(promptTokens: 1), .text(choice: 1, "a", []), Reply.finished(), Reply.usage()],
            Reply.events([Reply.more(0, "{}")]), Reply.events([Reply.call(1, "1", "f")]),
            Reply.events([Reply.call(0, "1", "f"), Reply.text("a"), Reply.more(0, "{}")]),
            Reply.events([Reply.call(0, "1", "f"), Reply.call(1, "2", "f"), Reply.more(0, "{}")]),
        ]
        for events in sequences {
            let whole = #expect(throws: GenerationError.self) { try Reply.whole(events) }
            let streamed = #expect(throws: GenerationError.self) { try Reply.streamed(events) }
            #expect(whole?.code == .internal && streamed?.code == .internal)
        }
    }

    @Test("An input is as deep as a body may bring it back, and no deeper")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "0" + String(repeating: "}", count: depth)
        }
        let deepest = try Reply.content([Reply.call(0, "1", "f", nested(123))], .toolCalls)
        #expect(deepest == Self.call("1", "f", nested(123)))
        let reply = #"{"role":"assistant","content":[\#(deepest)]}"#
        let messages = try conversation(#"[{"role":"user","content":"q"},\#(reply),{"role":"user","content":"r"}]"#)
        #expect(messages[1].toolCalls == [ToolCall(id: "1", name: "f", arguments: nested(123))])
        let deeper = try Reply.content([Reply.call(0, "1", "f", nested(124))], .toolCalls)
        #expect(deeper == Self.call("1", "f", "{}") + "," + Self.text(nested(124)))
    }

    @Test("What a reply holds is taken back, whatever its characters are", arguments: [false, true])
    func roundTrip(_ omitted: Bool) throws {
        let odd = "\u{0}\"\\\n\u{2028}\u{1F600}e\u{301}\u{316}"
        let arguments = JSONValue.object(JSONObject([.init(name: odd, value: .string(odd))])).text
        let content = try Reply.content(
            [Reply.reasoning(odd), Reply.text(odd), Reply.call(0, odd, odd, arguments)], .toolCalls, omitted: omitted)
        var request = try decodeMessages(
            #"""
            [{"role":"user","content":"q"},{"role":"assistant","content":[\#(content)]},{"role":"user","content":"r"}]
            """#)
        var expected = Message(.assistant, odd)
        expected.reasoning = odd
        expected.toolCalls = [ToolCall(id: odd, name: odd, arguments: arguments)]
        request.bind(to: testModel)
        #expect(request.generation.conversation.messages[1] == expected && request.warnings.isEmpty)
    }
}
