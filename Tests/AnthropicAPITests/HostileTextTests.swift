import AnthropicAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

@Suite("Hostile Unicode in a Messages request", .serialized)
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
            Place(name, #""model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"\#(name)":\#(value)"#)
        }

        static func tool(_ tool: String) -> Place { .field("tools", "[\(tool)]") }

        static func choice(_ choice: String) -> Place {
            .field("tools", #"[{"name":"a","input_schema":{}}],"tool_choice":\#(choice)"#)
        }

        /// A message before the last one.
        static func message(_ members: String) -> Place {
            Place(members, #""model":"m","max_tokens":1,"messages":[{\#(members)},{"role":"user","content":"Hi"}]"#)
        }

        /// The last message.
        static func prefill(_ content: String) -> Place {
            Place(
                content,
                #""model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":\#(content)}]"#
            )
        }

        static func user(_ block: String) -> Place { .message(#""role":"user","content":[{\#(block)}]"#) }
        static func assistant(_ block: String) -> Place { .message(#""role":"assistant","content":[{\#(block)}]"#) }

        func body(_ text: String) -> [UInt8] {
            let pieces = members.split(separator: "%", omittingEmptySubsequences: false)
            return Array("{\(pieces.joined(separator: text))}".utf8)
        }
    }

    static let places: [Place] = [
        Place("model", #""model":"%","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]"#),
        Place("an unknown name", #""%":1"#),
        .message(#""role":"%","content":"Hi""#), .message(#""role":"user","content":"%""#),
        .message(#""role":"assistant","content":"Hi","id":"%","model":"%""#),
        .user(#""type":"%""#), .user(#""type":"text","text":"%""#),
        .user(#""type":"tool_result","tool_use_id":"%","content":"%","is_error":true"#),
        .user(#""type":"tool_result","tool_use_id":"1","content":[{"type":"%"}]"#),
        .assistant(#""type":"%""#), .assistant(#""type":"tool_use","id":"%","name":"%","input":{"%":"%"}"#),
        .assistant(#""type":"thinking","thinking":"%","signature":"%""#),
        .assistant(#""type":"thinking","thinking":"","signature":"%""#),
        .assistant(#""type":"redacted_thinking","data":"m|1|%""#),
        .prefill(#""%""#), .prefill(#"[{"type":"text","text":"%"},{"type":"text","text":"%"}]"#),
        .field("system"), .field("system", #"[{"type":"text","text":"%"}]"#), .field("system", #"[{"type":"%"}]"#),
        .field("system", #"[{"type":"text","text":"x-anthropic-billing-header:%\n%"}]"#),
        .field("stop_sequences", #"["%"]"#), .field("temperature"), .field("metadata", #"{"user_id":"%"}"#),
        .field("service_tier"), .field("container"), .field("mcp_servers", #"["%"]"#), .field("betas", #"["%"]"#),
        .field("context_management", #"{"edits":["%"]}"#), .field("thinking", #"{"type":"%"}"#),
        .field("thinking", #"{"type":"adaptive","display":"%"}"#), .field("output_config", #"{"effort":"%"}"#),
        .field("output_config", #"{"format":{"type":"%"}}"#),
        .field("output_config", #"{"format":{"type":"json_schema","schema":{"properties":{"a":{"const":"%"}}}}}"#),
        .field("output_format", #"{"%":1}"#),
        .tool(#"{"type":"%"}"#), .tool(#"{"type":"bash_%","name":"%"}"#), .tool(#"{"name":"%","input_schema":{}}"#),
        .tool(#"{"name":"a","description":"%","input_schema":{"%":"%"},"input_examples":[{"a":"%"}]}"#),
        .tool(#"{"name":"a","input_schema":{},"allowed_callers":["%"]}"#),
        .choice(#""%""#), .choice(#"{"type":"%"}"#), .choice(#"{"type":"tool","name":"%"}"#), .choice(#"{"%":1}"#),
    ]

    @Test("A text of combining marks costs time in proportion to its length, wherever it stands", arguments: places)
    func text(_ place: Place) {
        for size in [128 << 10, 2 << 20] {
            let body = place.body(HostileText.marks(bytes: size))
            let seconds = HostileText.seconds {
                guard var request = try? MessagesRequest.decode(body, seal: TestSeal()) else { return }
                request.bind(to: testModel)
            }
            // Up to three copies of the text stand in a body.
            #expect(seconds < max(0.25, 4 * Double(size) / Double(1 << 20)))
            // Quadratic time on the larger size would keep the test for an hour.
            if seconds > 0.5 { break }
        }
    }

    @Test(
        "Thousands of names of combining marks cost time in proportion to their length",
        arguments: [
            Place("unknown fields", "%"), .field("metadata", "{%}"), .field("thinking", #"{"type":"adaptive",%}"#),
            .field("output_config", "{%}"), .field("output_config", #"{"format":{"type":"json_schema","schema":{%}}}"#),
            .message(#""role":"user","content":"Hi",%"#), .user(#""type":"text","text":"a",%"#),
            .assistant(#""type":"tool_use","id":"1","name":"f","input":{%}"#),
            .tool(#"{"name":"a","input_schema":{%}}"#), .tool(#"{"name":"a","input_schema":{},%}"#),
            .choice(#"{"type":"auto",%}"#),
        ])
    func names(_ place: Place) {
        for allowsUnknownFields in [false, true] {
            // Names may have 1,024 bytes.
            let slowdown = HostileText.slowdown(bytes: 1_000) { name in
                let members = (0..<2_000).map { "\"\(name)\($0)\":0" }.joined(separator: ",")
                _ = try? MessagesRequest.decode(
                    place.body(members), options: .init(allowsUnknownFields: allowsUnknownFields), seal: TestSeal())
            }
            #expect(slowdown < 5)
        }
    }

    @Test("A reply of combining marks costs time in proportion to its length, in pieces of any size")
    func replies() throws {
        let marks = HostileText.marks(bytes: 256 << 10)
        let seconds = try HostileText.seconds {
            for said in [
                [Reply.reasoning(marks), Reply.reasoning(marks), Reply.text(marks), Reply.text(marks)],
                [Reply.call(0, marks, marks, "{\"\(HostileText.marks(bytes: 900))\":\"\(marks)\"}")],
                [Reply.call(0, "1", "f", marks)], (0..<20_000).map { _ in Reply.text("\u{301}\u{316}") },
            ] {
                for omitted in [false, true] {
                    var reply = MessageAssembly(try Reply.request(omitted: omitted), by: testModel, seal: TestSeal())
                    var stream = MessageStream(try Reply.request(omitted: omitted), by: testModel, seal: TestSeal())
                    for event in Reply.events(said, .stopString(marks)) {
                        try reply.add(event)
                        _ = try stream.encode(event)
                    }
                    _ = try reply.body()
                }
            }
        }
        #expect(seconds < 5)
    }

    @Test("Words that are only canonically equivalent to a word of the protocol are other words")
    func equivalence() {
        // The Greek question mark and the Kelvin sign become ASCII when they are normalised.
        #expect(requestError(#""output_config":{"effort":"\u{37E}"}"#) != nil)
        #expect(requestError(#""tools":[{"type":"\u212A"}]"#)?.param == "tools[0].type")
    }
}
