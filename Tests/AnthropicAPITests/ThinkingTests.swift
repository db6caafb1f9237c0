import AnthropicAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Thinking that comes back")
struct ThinkingTests {
    private static let seal = TestSeal()

    /// A conversation whose assistant has these blocks, before one more question.
    private static func request(_ blocks: String...) throws -> MessagesRequest {
        try decodeMessages(
            #"""
            [{"role":"user","content":"q"},{"role":"assistant","content":[\#(blocks.joined(separator: ","))]},
            {"role":"user","content":"r"}]
            """#)
    }

    private static func thinking(_ text: String, _ signature: String) -> String {
        #"{"type":"thinking","thinking":\#(quoted(text)),"signature":\#(quoted(signature))}"#
    }

    private static func redacted(_ data: String) -> String { #"{"type":"redacted_thinking","data":\#(quoted(data))}"# }

    private static func reasoning(_ request: MessagesRequest) -> String? {
        request.generation.conversation.messages[1].reasoning
    }

    @Test("A text that can be read counts as it stands, whatever its signature")
    func readable() throws {
        for signature in ["", "?", Self.seal.seal("t", by: "a/b"), Self.seal.seal("other", by: "a/b")] {
            let request = try Self.request(Self.thinking("t", signature))
            #expect(Self.reasoning(request) == "t" && request.warnings.isEmpty)
        }
        let bare = try Self.request(#"{"type":"thinking","thinking":"t"}"#, #"{"type":"text","text":"a"}"#)
        #expect(Self.reasoning(bare) == "t" && bare.generation.conversation.messages[1].text == "a")
    }

    @Test("What is sealed is opened")
    func sealed() throws {
        let odd = "\u{0}\"\\|\n\u{1F600}e\u{301}\u{316}"
        for block in [Self.thinking("", Self.seal.seal(odd, by: "a/b")), Self.redacted(Self.seal.seal(odd, by: "a/b"))]
        {
            let request = try Self.request(block)
            #expect(Self.reasoning(request) == odd && request.warnings.isEmpty)
        }
    }

    @Test("What cannot be opened is left out with a warning")
    func tampered() throws {
        let sound = Self.seal.seal("secret", by: "a/b")
        var changed = [sound + "x", String(sound.dropLast()), "b" + sound, "", "EqoBCkgIARAB"]
        changed += sound.indices.map { sound[..<$0] + "_" + sound[sound.index(after: $0)...] }
        for text in changed {
            for block in [Self.thinking("", text), Self.redacted(text)] {
                let request = try Self.request(#"{"type":"text","text":"a"}"#, block)
                #expect(Self.reasoning(request) == nil)
                #expect(request.warnings.map(\.pointer) == ["/messages/1/content/1"])
                #expect(request.warnings.map(\.keyword) == ["messages"])
            }
        }
    }

    @Test("Blocks of one turn are joined in their order")
    func joined() throws {
        let request = try Self.request(
            Self.thinking("a", ""), #"{"type":"text","text":"x"}"#, Self.redacted(Self.seal.seal("b", by: "a/b")),
            Self.thinking("c", ""))
        #expect(Self.reasoning(request) == "a\n\nb\n\nc")
    }

    @Test("Reasoning of another model is removed once it is known which model answers")
    func binding() throws {
        let own = Self.seal.seal("own", by: "a/b")
        let other = Self.seal.seal("other", by: "c/d")
        var request = try Self.request(
            Self.thinking("", own), Self.thinking("", other), Self.thinking("seen", other), Self.redacted(other),
            Self.thinking("bare", ""))
        #expect(Self.reasoning(request) == "own\n\nother\n\nseen\n\nother\n\nbare")
        let unbound = request
        request.bind(to: ServedModel(id: "c/d", created: 0, owner: "o", fingerprint: "f", contextLength: 8))
        #expect(Self.reasoning(request) == "other\n\nseen\n\nother\n\nbare" && request.warnings.count == 1)

        request = unbound
        request.bind(to: testModel)
        #expect(Self.reasoning(request) == "own\n\nbare")
        #expect(request.warnings.map(\.pointer) == (1...3).map { "/messages/1/content/\($0)" })
        #expect(request.warnings.allSatisfy { $0.message.contains("'c/d'") && $0.keyword == "messages" })
        let bound = request
        request.bind(to: testModel)
        #expect(request == bound)
    }

    @Test("Nothing is left of a message that had only foreign thinking but the message")
    func onlyForeign() throws {
        var request = try Self.request(Self.redacted(Self.seal.seal("t", by: "c/d")))
        request.bind(to: testModel)
        #expect(request.generation.conversation.messages.map(\.role) == [.user, .assistant, .user])
        #expect(request.generation.conversation.messages[1] == Message(.assistant, []))
    }

    @Test("Thinking belongs to its message also behind messages that became several")
    func places() throws {
        let other = Self.redacted(Self.seal.seal("t", by: "c/d"))
        var request = try decodeMessages(
            #"""
            [{"role":"assistant","content":[\#(Self.thinking("first", ""))]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"1"},{"type":"tool_result","tool_use_id":"2"},
            {"type":"text","text":"a"}]},{"role":"assistant","content":[\#(other)]},
            {"role":"assistant","content":[\#(Self.thinking("second", ""))]},{"role":"user","content":"b"}]
            """#, #""system":"s""#)
        #expect(request.generation.conversation.messages[5].reasoning == "t\n\nsecond")
        request.bind(to: testModel)
        #expect(
            request.generation.conversation.messages.map(\.reasoning) == [nil, "first", nil, nil, nil, "second", nil])
        #expect(request.warnings.map(\.pointer) == ["/messages/2/content/0"])
    }
}
