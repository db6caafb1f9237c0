import Foundation
import HTTPTypes
import PinionServer
import Testing
import TextGeneration

@Suite("Warnings in the head of a reply")
struct WarningHeaderTests {
    /// The header's value; nil without it.
    private static func header(of reply: Reply) throws -> String? {
        reply.headers[try #require(HTTPField.Name("x-pinion-warnings"))]
    }

    private static func warning(_ number: Int, message: String = "it is not known") -> GenerationWarning {
        GenerationWarning(keyword: "format", pointer: "/properties/\(number)/format", message: message)
    }

    private static func entries(_ value: String?) -> [[String: Any]] {
        (try? JSONSerialization.jsonObject(with: Data((value ?? "").utf8))) as? [[String: Any]] ?? []
    }

    private static func generator(_ warnings: [GenerationWarning]) -> ScriptedGenerator {
        ScriptedGenerator(
            [.event(.accepted(promptTokens: 9, warnings: warnings))] + ScriptedGenerator.greetingSteps.dropFirst())
    }

    @Test(
        "Whole and streamed replies tell what they do not honour, others have no such header", arguments: [false, true])
    func replies(_ isStreamed: Bool) async throws {
        let body = ServerFixture.chatBody(isStreamed ? #","stream":true"# : "")
        let warned = try await ServerFixture(Self.generator([Self.warning(1)])).chat(body)
        #expect(warned.status == 200)
        #expect(
            try Self.header(of: warned)
                == #"[{"keyword":"format","pointer":"/properties/1/format","message":"it is not known"}]"#)
        let plain = try await ServerFixture(Self.generator([])).chat(body)
        #expect(try plain.status == 200 && Self.header(of: plain) == nil)
        #expect(plain.body.count == warned.body.count)
    }

    @Test("Warnings of the body, of the acceptance and, in whole replies, of the text are told in this order")
    func sources() async throws {
        let hosted = #","tools":[{"type":"web_search"},{"type":"function","function":{"name":"f"}}]"#
        for isStreamed in [false, true] {
            let generator = ScriptedGenerator(
                [
                    .event(.accepted(promptTokens: 9, warnings: [Self.warning(1)])), .isRead,
                    .event(.warned(choice: 0, Self.warning(2))),
                ] + ScriptedGenerator.greetingSteps.dropFirst())
            let reply = try await ServerFixture(generator).chat(
                ServerFixture.chatBody(hosted + (isStreamed ? #","stream":true"# : "")))
            #expect(reply.status == 200)
            let pointers = Self.entries(try Self.header(of: reply)).map { $0["pointer"] as? String }
            let told = ["/tools/0", "/properties/1/format"]
            #expect(pointers == (isStreamed ? told : told + ["/properties/2/format"]))
            #expect(generator.observed.requests.first?.conversation.tools == [Tool(name: "f")])
        }
    }

    @Test("The header is printable ASCII whatever the schema's names are, and reads back as they were")
    func ascii() throws {
        let pointer = "/properties/na\u{EF}ve \"\\\n\u{7F}\u{1F600}/format"
        let value = try #require(
            WarningHeader.value([GenerationWarning(keyword: "format", pointer: pointer, message: "\u{E9}")]))
        #expect(value.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        let entry = try #require(Self.entries(value).first)
        #expect((entry["pointer"] as? String)?.utf8.elementsEqual(pointer.utf8) == true)
        #expect(entry["message"] as? String == "\u{E9}")
    }

    @Test("Warnings beyond the length of the header are counted", arguments: [1, 2, 20, 40, 1_000])
    func length(_ count: Int) throws {
        let value = try #require(WarningHeader.value((0..<count).map { Self.warning($0) }))
        #expect(value.utf8.count <= WarningHeader.maximumLength)
        let entries = Self.entries(value)
        let told = entries.filter { $0["pointer"] is String }
        let rest = count - told.count
        #expect(told.count == count || told.count > 15)
        #expect(entries.count == told.count + (rest > 0 ? 1 : 0))
        if rest > 0 { #expect(entries.last?["message"] as? String == "\(rest) more") }
    }

    @Test("A warning that is too long by itself is counted, too")
    func longWarning() throws {
        let long = Self.warning(1, message: String(repeating: "x", count: 4_000))
        #expect(WarningHeader.value([long]) == #"[{"keyword":null,"pointer":null,"message":"1 more"}]"#)
        let entries = Self.entries(WarningHeader.value([Self.warning(0), long, Self.warning(2)]))
        #expect(entries.count == 2 && entries.last?["message"] as? String == "2 more")
    }
}
