import OpenAIAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

@Suite("Random replies of the Responses route")
struct ResponsesStreamTests {
    private static let tools = #"""
        "input":"q","include":["message.output_text.logprobs"],"tools":[{"type":"function","name":"f"},
        {"type":"custom","name":"g"},{"type":"namespace","name":"n","tools":[{"type":"custom","name":"h"}]}]
        """#

    /// What a generator may tell: pieces of any kind in any order, also empty ones.
    private static func said(_ random: inout SeededGenerator) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        var calls = 0
        for _ in 0..<random.below(12) {
            let text = ["", "a", "\"\n", "é😀", "\u{301}"][random.below(5)]
            let reports = (0..<random.below(3)).map { _ in
                TokenReport(token: .init(bytes: Array(text.utf8), logprob: -1), alternatives: [])
            }
            switch random.below(6) {
            case 0, 1: events.append(.text(choice: 0, text, reports))
            case 2: events.append(.reasoning(choice: 0, text, reports))
            case 3: events.append(.warned(choice: 0, .init(keyword: "k", pointer: "", message: "m")))
            default:
                let name = ["f", "g", "n__h", "unknown"][random.below(4)]
                events.append(
                    .toolCall(
                        choice: 0,
                        ToolCallDelta(index: calls, start: .init(id: "c\(calls)", name: name), arguments: text)))
                for _ in 0..<random.below(3) {
                    events.append(.toolCall(choice: 0, ToolCallDelta(index: calls, arguments: text)))
                }
                calls += 1
            }
        }
        return events
    }

    private static func object(_ value: JSONValue?) throws -> JSONObject {
        guard case .object(let object)? = value else { throw APIError.internalError }
        return object
    }

    private static func list(_ value: JSONValue?) throws -> [JSONValue] {
        guard case .array(let list)? = value else { throw APIError.internalError }
        return list
    }

    /// The items of a stream put together from their events, each event checked against those before it.
    private static func items(_ events: [(name: String, data: JSONObject)]) throws -> [JSONValue] {
        var done: [JSONValue] = []
        var open: (item: JSONObject, text: String, reports: [JSONValue])?
        for (name, data) in events {
            #expect(data["output_index"] == .integer(Int64(done.count)))
            switch name {
            case "response.output_item.added":
                #expect(open == nil)
                open = (try object(data["item"]), "", [])
                #expect(open?.item["status"] == "in_progress")
            case "response.output_item.done":
                let item = try object(data["item"])
                #expect(item["id"] == open?.item["id"] && item["type"] == open?.item["type"])
                let part = try item["content"].flatMap { try list($0).first }.map { try object($0) }
                let told = part?["text"] ?? item["arguments"] ?? item["input"]
                #expect(told == open.map { .string($0.text) })
                if item["type"] == "message" { #expect(part?["logprobs"] == open.map { .array($0.reports) }) }
                done.append(.object(item))
                open = nil
            default:
                #expect(data["item_id"] == open?.item["id"] && open != nil)
                if name.hasSuffix(".delta"), case .string(let text)? = data["delta"] {
                    open?.text += text
                    open?.reports += try data["logprobs"].map { try list($0) } ?? []
                } else if name.hasSuffix(".done"), let text = data["text"] ?? data["arguments"] ?? data["input"] {
                    #expect(text == open.map { .string($0.text) })
                }
            }
        }
        #expect(open == nil)
        return done
    }

    /// An item without its identifier, which no two replies share.
    private static func anonymous(_ value: JSONValue) throws -> JSONValue {
        JSONValue.object(JSONObject(try object(value).members.filter { $0.name != "id" }))
    }

    @Test("A stream's items are those of the whole reply, and all that was said is in them", arguments: 0..<300)
    func agreement(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let said = Self.said(&random)
        let reason = [FinishReason.stop, .length, .contextEnd, .toolCalls][random.below(4)]
        let request = try ResponsesRequestTests.decode(Self.tools)
        let events = try ResponsesReplyTests.stream(request, said, reason)
        let last = try #require(events.last)
        let streamed = try Self.items(Array(events.dropFirst(2).dropLast()))
        #expect(try Self.object(last.data["response"])["output"] == .array(streamed))

        let whole = try Self.list(ResponsesReplyTests.whole(request, said, reason)["output"])
        #expect(try streamed.map(Self.anonymous) == whole.map(Self.anonymous))
        let isCut = last.name == "response.incomplete"
        for (index, item) in try streamed.map(Self.object).enumerated() {
            #expect(item["status"] == (isCut && index == streamed.count - 1 ? "incomplete" : "completed"))
        }
        let text = said.map { event in
            switch event {
            case .text(_, let text, _), .reasoning(_, let text, _): text
            case .toolCall(_, let delta): delta.arguments
            default: ""
            }
        }
        let told = try streamed.map(Self.object).map { item in
            let part = try item["content"].flatMap { try Self.list($0).first }.map { try Self.object($0) }
            guard case .string(let text)? = part?["text"] ?? item["arguments"] ?? item["input"] else { return "" }
            return text
        }
        #expect(told.joined().utf8.elementsEqual(text.joined().utf8))
    }
}
