import AnthropicAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

@Suite("Streamed replies of the Messages API", .serialized)
struct MessageStreamTests {
    private static let emptyText = #"{"type":"text","text":"","citations":null}"#
    private static let emptyThinking = #"{"type":"thinking","thinking":"","signature":""}"#

    private static func emptyCall(_ id: String, _ name: String) -> String {
        #"{"type":"tool_use","id":"\#(id)","name":"\#(name)","input":{},"caller":{"type":"direct"}}"#
    }

    private static func text(_ index: Int, _ text: String) -> String {
        Reply.delta(index, #"{"type":"text_delta","text":\#(quoted(text))}"#)
    }

    private static func thought(_ index: Int, _ text: String) -> String {
        Reply.delta(index, #"{"type":"thinking_delta","thinking":\#(quoted(text))}"#)
    }

    private static func signature(_ index: Int, _ text: String) -> String {
        Reply.delta(index, #"{"type":"signature_delta","signature":\#(quoted(TestSeal().seal(text, by: "a/b")))}"#)
    }

    private static func input(_ index: Int, _ json: String) -> String {
        Reply.delta(index, #"{"type":"input_json_delta","partial_json":\#(quoted(json))}"#)
    }

    @Test("A stream is told byte for byte")
    func bytes() throws {
        let events = try Reply.streamed(Reply.events([Reply.text("Par"), Reply.text("is.")]))
        #expect(
            events == [
                "event: message_start\ndata: " + #"""
                    {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"a/b","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"output_tokens_details":{"thinking_tokens":0},"cache_creation":null,"server_tool_use":null,"service_tier":"standard","speed":null,"inference_geo":null}}}
                    """#,
                Reply.start(0, Self.emptyText), Self.text(0, "Par"), Self.text(0, "is."), Reply.stop(0),
                "event: message_delta\ndata: " + #"""
                    {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null},"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3,"output_tokens_details":{"thinking_tokens":0},"server_tool_use":null}}
                    """#,
                "event: message_stop\ndata: {\"type\":\"message_stop\"}",
            ])
    }

    @Test("Blocks begin and end one after the other, in the order in which the model said them")
    func order() throws {
        let said = [
            Reply.reasoning("I "), Reply.reasoning("think."), Reply.text("a"),
            .warned(choice: 0, .init(keyword: "k", pointer: "", message: "m")),
            Reply.text("b"), Reply.call(0, "1", "f"), Reply.more(0, "{\"x\":"), Reply.more(0, "1}"),
            Reply.call(1, "2", "g", "{}"), Reply.text("c"), Reply.reasoning("more"), Reply.call(2, "3", "h"),
        ]
        #expect(
            try Reply.blocks(said) == [
                Reply.start(0, Self.emptyThinking), Self.thought(0, "I "), Self.thought(0, "think."),
                Self.signature(0, "I think."), Reply.stop(0),
                Reply.start(1, Self.emptyText), Self.text(1, "a"), Self.text(1, "b"), Reply.stop(1),
                Reply.start(2, Self.emptyCall("1", "f")), Self.input(2, "{\"x\":"), Self.input(2, "1}"), Reply.stop(2),
                Reply.start(3, Self.emptyCall("2", "g")), Self.input(3, "{}"), Reply.stop(3),
                Reply.start(4, Self.emptyText), Self.text(4, "c"), Reply.stop(4),
                Reply.start(5, Self.emptyThinking), Self.thought(5, "more"), Self.signature(5, "more"), Reply.stop(5),
                Reply.start(6, Self.emptyCall("3", "h")), Self.input(6, "{}"), Reply.stop(6),
            ])
    }

    @Test("Omitted thinking streams its signature alone")
    func omitted() throws {
        #expect(
            try Reply.blocks([Reply.reasoning("se"), Reply.reasoning("cret"), Reply.text("a")], omitted: true) == [
                Reply.start(0, Self.emptyThinking), Self.signature(0, "secret"), Reply.stop(0),
                Reply.start(1, Self.emptyText), Self.text(1, "a"), Reply.stop(1),
            ])
    }

    @Test("A call that was cut streams what there is of its arguments, and {} where there is nothing")
    func cut() throws {
        #expect(
            try Reply.blocks([Reply.call(0, "1", "f", "{\"a\":\"b")]) == [
                Reply.start(0, Self.emptyCall("1", "f")), Self.input(0, "{\"a\":\"b"), Reply.stop(0),
            ])
        #expect(
            try Reply.blocks([Reply.call(0, "1", "f"), Reply.more(0, "")]) == [
                Reply.start(0, Self.emptyCall("1", "f")), Self.input(0, "{}"), Reply.stop(0),
            ])
    }

    @Test("A stream that says nothing has no block")
    func nothing() throws {
        #expect(try Reply.blocks([]).isEmpty && Reply.blocks([Reply.text(""), Reply.reasoning("")]).isEmpty)
    }

    @Test("Every event has a line with its type, which its data repeat")
    func types() throws {
        let said = [Reply.reasoning("t"), Reply.text("a\n\nevent: x\ndata: y"), Reply.call(0, "1", "f")]
        for event in try Reply.streamed(Reply.events(said)) {
            let lines = event.components(separatedBy: "\n")
            #expect(lines.count == 2)
            let data = try parseJSON(String(lines[1].dropFirst("data: ".count)))
            #expect(data.member("type") == .string(String(lines[0].dropFirst("event: ".count))))
        }
    }

    @Test("Nothing comes before the first event, and pings are events of the protocol")
    func ping() throws {
        let stream = MessageStream(try Reply.request(), by: testModel, seal: TestSeal())
        #expect(stream.opening().isEmpty)
        #expect(String(decoding: stream.ping(), as: UTF8.self) == "event: ping\ndata: {\"type\":\"ping\"}\n\n")
    }

    @Test("A failure after the beginning is an event")
    func failure() throws {
        let stream = MessageStream(try Reply.request(), by: testModel, seal: TestSeal())
        let bytes = stream.failure(.overloaded(retryAfter: 2), requestID: "req_1")
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"""
                event: error
                data: {"type":"error","error":{"type":"overloaded_error","message":"The server is currently overloaded with other requests. Please try again in 2s."},"request_id":"req_1"}


                """#)
    }

    @Test("The stream and the whole reply tell the same")
    func agreement() throws {
        let said = [
            Reply.reasoning("é"), Reply.text("a\u{1F600}"), Reply.call(0, "1", "f", "{\"x\":1"), Reply.more(0, "}"),
            Reply.text("b"),
        ]
        var blocks: [[String: String]] = []
        for event in try Reply.blocks(said) {
            let data = try parseJSON(
                String(try #require(event.firstRange(of: "data: ")).upperBound..<event.endIndex, in: event))
            if let block = data.member("content_block") {
                blocks.append(["type": block.member("type")?.text ?? ""])
            } else if let delta = data.member("delta") {
                for name in ["text", "thinking", "signature", "partial_json"] {
                    guard case .string(let text)? = delta.member(name) else { continue }
                    blocks[blocks.count - 1][name, default: ""] += text
                }
            }
        }
        let whole = try parseJSON("[\(try Reply.content(said))]")
        for (index, block) in blocks.enumerated() {
            #expect(whole.element(index)?.member("type")?.text == block["type"])
            for name in ["text", "thinking", "signature"] {
                #expect(whole.element(index)?.member(name)?.text == block[name].map(quoted))
            }
            #expect(whole.element(index)?.member("input")?.text == block["partial_json"])
        }
        #expect(blocks.count == 4)
    }

    @Test("Long replies of many pieces and many blocks cost time in proportion to their length")
    func linear() throws {
        func time(_ pieces: Int) throws -> Duration {
            let thought = (0..<pieces).map { _ in Reply.reasoning("piece of thought ") }
            let text = (0..<pieces).map { _ in Reply.text("piece of text ") }
            let arguments = [Reply.call(0, "1", "f", "{\"a\":\"")] + (0..<pieces).map { _ in Reply.more(0, "x") }
            let turns = (0..<pieces).flatMap { _ in [Reply.reasoning("t"), Reply.text("a")] }
            return try leastProcessorTime {
                for said in [thought + text + arguments, turns] {
                    _ = try Reply.whole(Reply.events(said))
                    var stream = MessageStream(try Reply.request(), by: testModel, seal: TestSeal())
                    for event in Reply.events(said) { _ = try stream.encode(event) }
                }
            }
        }
        let (few, many) = (try time(2_000), try time(20_000))
        #expect(many < few * 30)
    }
}

extension String {
    fileprivate init(_ range: Range<String.Index>, in text: String) { self = String(text[range]) }
}
