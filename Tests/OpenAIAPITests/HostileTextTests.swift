import OpenAIAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing

@Suite("Hostile Unicode in a request", .serialized)
struct HostileTextTests {
    /// A body with a text of the client's in one place.
    struct Place: Sendable, CustomTestStringConvertible {
        var name: String
        /// The members of the body; `%` stands for the text.
        var members: String
        var testDescription: String { name }

        init(_ name: String, _ members: String) {
            self.name = name
            self.members = members
        }

        /// A further member of a body that is sound otherwise.
        static func field(_ name: String, _ value: String = #""%""#) -> Place {
            Place(name, #""model":"m","messages":[{"role":"user","content":"Hi"}],"\#(name)":\#(value)"#)
        }

        /// A body with one tool.
        static func tool(_ tool: String) -> Place { .field("tools", "[\(tool)]") }

        /// A body with a tool and a choice among it.
        static func choice(_ choice: String) -> Place {
            .field("tools", #"[{"type":"function","function":{"name":"a"}}],"tool_choice":\#(choice)"#)
        }

        static func message(_ name: String, _ members: String) -> Place {
            Place(name, #""model":"m","messages":[{\#(members)}]"#)
        }

        func body(_ text: String) -> [UInt8] {
            let pieces = members.split(separator: "%", omittingEmptySubsequences: false)
            return Array("{\(pieces.joined(separator: text))}".utf8)
        }
    }

    static let places: [Place] = [
        Place("model", #""model":"%","messages":[{"role":"user","content":"Hi"}]"#),
        Place("an unknown name", #""%":1"#),
        .message("role", #""role":"%","content":"Hi""#),
        .message("content", #""role":"user","content":"%""#),
        .message("name", #""role":"user","content":"Hi","name":"%""#),
        .message("tool_call_id", #""role":"tool","content":"Hi","tool_call_id":"%""#),
        .message("refusal", #""role":"assistant","content":"Hi","refusal":"%""#),
        .message("a refusal's part", #""role":"assistant","content":[{"type":"refusal","refusal":"%"}]"#),
        .message("reasoning", #""role":"assistant","content":"Hi","reasoning":"%","reasoning_content":"a""#),
        .message("equal reasoning", #""role":"assistant","reasoning_content":"%""#),
        .message(
            "a call's id", #""role":"assistant","tool_calls":[{"id":"%","function":{"name":"a","arguments":""}}]"#),
        .message("a call's type", #""role":"assistant","tool_calls":[{"id":"a","type":"%"}]"#),
        .message(
            "a call's name", #""role":"assistant","tool_calls":[{"id":"a","function":{"name":"%","arguments":""}}]"#),
        .message(
            "a call's arguments",
            #""role":"assistant","tool_calls":[{"id":"a","function":{"name":"a","arguments":"%"}}]"#),
        .message(
            "a call's input",
            #""role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"a","input":"%"}}]"#),
        .message("an old call's name", #""role":"assistant","function_call":{"name":"%","arguments":""}"#),
        .message("an old answer's name", #""role":"function","content":"Hi","name":"%""#),
        .message("a part's type", #""role":"user","content":[{"type":"%","text":"Hi"}]"#),
        .message("a part's text", #""role":"user","content":[{"type":"text","text":"%"}]"#),
        .field("response_format", #"{"type":"%"}"#), .field("service_tier"), .field("verbosity"),
        .field("response_format", #"{"type":"json_schema","json_schema":{"name":"%"}}"#),
        .field("guided_json"), .field("guided_json", #"{"properties":{"a":{"const":"%"}}}"#), .field("guided_regex"),
        .field("guided_choice", #"["a","%"]"#), .field("guided_grammar"), .field("grammar"),
        .field("structured_outputs", #"{"regex":"a","whitespace_pattern":"%"}"#),
        .field("prompt_cache_retention"), .field("prompt_cache_key"), .field("safety_identifier"),
        .field("function_call"), .field("modalities", #"["%"]"#), .field("metadata", #"{"a":"%"}"#), .field("user"),
        .field("stop"), .field("stop", #"["a","%"]"#), .field("temperature"), .field("n"), .field("stream"),
        .field("tools"), .field("tools", #"[{"type":"%"}]"#), .field("tools", #"[{"type":"function","%":1}]"#),
        .tool(#"{"type":"function","function":{"name":"%"}}"#),
        .tool(#"{"type":"function","function":{"name":"a","description":"%"}}"#),
        .tool(#"{"type":"function","function":{"name":"a","parameters":{"%":"%"}}}"#),
        .tool(#"{"type":"custom","custom":{"name":"%"}}"#),
        .tool(#"{"type":"custom","custom":{"name":"a","format":{"type":"%"}}}"#),
        .tool(#"{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":{"syntax":"%"}}}}"#),
        .tool(
            #"{"type":"custom","custom":{"name":"a","format":{"type":"grammar","grammar":"#
                + #"{"syntax":"regex","definition":"%"}}}}"#),
        .field("tool_choice"), .choice(#""%""#), .choice(#"{"type":"%"}"#),
        .choice(#"{"type":"function","function":{"name":"%"}}"#),
        .choice(#"{"type":"allowed_tools","allowed_tools":{"mode":"%"}}"#),
        .choice(#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"%"}]}}"#),
        .choice(
            #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"%"}}]}}"#
        ),
        .field("functions", #"[{"name":"%"}]"#), .field("functions", #"[{"name":"a"}],"function_call":{"name":"%"}"#),
        .field("reasoning_effort"), .field("thinking"), .field("thinking", #"{"type":"%"}"#),
        .field("enable_thinking"), .field("thinking_budget"),
        .field("chat_template_kwargs", #"{"enable_thinking":"%"}"#),
        .field("chat_template_kwargs", #"{"a":"%","b":["%"]}"#),
    ]

    @Test("A text of combining marks costs time in proportion to its length, wherever it stands", arguments: places)
    func text(_ place: Place) {
        for size in [128 << 10, 4 << 20] {
            let body = place.body(HostileText.marks(bytes: size))
            let seconds = HostileText.seconds { _ = try? ChatCompletionRequest.decode(body) }
            #expect(seconds < max(0.25, Double(size) / Double(1 << 20)))
            // Quadratic time on the larger size would keep the test for an hour.
            if seconds > 0.25 { break }
        }
    }

    @Test(
        "Thousands of names of combining marks cost time in proportion to their length",
        arguments: [
            Place("unknown fields", "%"), .field("chat_template_kwargs", "{%}"), .field("metadata", "{%}"),
            .field("logit_bias", "{%}"), .field("guided_json", "{%}"),
            .field("structured_outputs", #"{"json":{"properties":{%}},"disable_additional_properties":true}"#),
            .field("structured_outputs", "{%}"), .message("message", #""role":"user","content":"Hi",%"#),
            .tool(#"{"type":"function",%}"#), .tool(#"{"type":"function","function":{"name":"a","parameters":{%}}}"#),
            .choice(#"{"type":"function",%}"#), .field("thinking", #"{"type":"enabled",%}"#),
            .message("call", #""role":"assistant","tool_calls":[{"id":"a",%}]"#),
        ])
    func names(_ place: Place) {
        for allowsUnknownFields in [false, true] {
            // Names may have 1,024 bytes.
            let slowdown = HostileText.slowdown(bytes: 1_000) { name in
                let members = (0..<2_000).map { "\"\(name)\($0)\":0" }.joined(separator: ",")
                _ = try? ChatCompletionRequest.decode(
                    place.body(members), options: .init(allowsUnknownFields: allowsUnknownFields))
            }
            #expect(slowdown < 5)
        }
    }

    @Test("Words that are only canonically equivalent to a word of the protocol are other words")
    func equivalence() throws {
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        // The Greek question mark becomes a semicolon when it is normalised.
        #expect(ProtocolWord("\u{37E}") != ";")
        #expect(Set<ProtocolWord>(["\u{E9}", "e\u{301}", "\u{E9}"]).count == 2)
    }
}
