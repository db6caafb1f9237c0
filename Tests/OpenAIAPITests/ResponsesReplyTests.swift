import OpenAIAPI
import PinionJSON
import PinionWire
import TestSupport
import Testing
import TextGeneration

@Suite("Replies of the Responses route")
struct ResponsesReplyTests {
    private static let usage: Usage = {
        var usage = Usage(promptTokens: 9, cachedTokens: 4, completionTokens: 5)
        usage.reasoningTokens = 2
        return usage
    }()

    private static func events(_ events: [GenerationEvent], _ reason: FinishReason) -> [GenerationEvent] {
        [.accepted(promptTokens: 9)] + events + [.finished(choice: 0, reason), .usage(usage)]
    }

    static func whole(
        _ request: ResponsesRequest, _ events: [GenerationEvent], _ reason: FinishReason
    ) throws -> JSONObject {
        var assembly = ResponsesAssembly(request, by: ResponsesRequestTests.model, created: 7, seal: PlainSeal())
        for event in Self.events(events, reason) { try assembly.add(event) }
        guard case .object(let object) = try JSONValue.parse(assembly.body(), limits: .body) else {
            throw APIError.internalError
        }
        return object
    }

    /// The events of a stream: each one's name and data, without `[DONE]`.
    static func stream(
        _ request: ResponsesRequest, _ events: [GenerationEvent], _ reason: FinishReason
    ) throws -> [(name: String, data: JSONObject)] {
        var stream = ResponsesStream(request, by: ResponsesRequestTests.model, created: 7, seal: PlainSeal())
        var bytes = stream.opening()
        for event in Self.events(events, reason) { bytes += try stream.encode(event) }
        bytes += try stream.end()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("\n\ndata: [DONE]\n\n"))
        return try parsed(text)
    }

    private static func parsed(_ text: String) throws -> [(name: String, data: JSONObject)] {
        try text.split(separator: "\n\n").filter { $0 != "data: [DONE]" }.map { event in
            let lines = event.split(separator: "\n", maxSplits: 1)
            #expect(lines.count == 2 && lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
            guard case .object(let data) = try JSONValue.parse(Array(lines[1].dropFirst(6).utf8), limits: .body)
            else { throw APIError.internalError }
            #expect(data["type"] == .string(String(lines[0].dropFirst(7))))
            return (String(lines[0].dropFirst(7)), data)
        }
    }

    private static func request(_ members: String = "") throws -> ResponsesRequest {
        try ResponsesRequestTests.decode("\"input\":\"q\"\(members)")
    }

    private static let toolMembers = #"""
        ,"tools":[{"type":"function","name":"f"},{"type":"custom","name":"g"},
        {"type":"namespace","name":"n","tools":[{"type":"function","name":"h"}]}]
        """#

    private static let turn: [GenerationEvent] = [
        .reasoning(choice: 0, "hm", []), .reasoning(choice: 0, "m", []), .text(choice: 0, "a", []),
        .text(choice: 0, "b", []),
        .toolCall(choice: 0, ToolCallDelta(index: 0, start: .init(id: "c1", name: "f"), arguments: "")),
        .toolCall(choice: 0, ToolCallDelta(index: 0, arguments: "{\"x\":")),
        .toolCall(choice: 0, ToolCallDelta(index: 0, arguments: "1}")),
        .toolCall(choice: 0, ToolCallDelta(index: 1, start: .init(id: "c2", name: "g"), arguments: "in")),
        .toolCall(choice: 0, ToolCallDelta(index: 2, start: .init(id: "c3", name: "n__h"), arguments: "{}")),
    ]

    private static func items(_ object: JSONObject?) -> [JSONObject] {
        guard case .array(let items)? = object?["output"] else { return [] }
        return items.compactMap { if case .object(let item) = $0 { item } else { nil } }
    }

    @Test("A reply tells thoughts, text and calls as items in their order")
    func output() throws {
        let reply = try Self.whole(Self.request(Self.toolMembers), Self.turn, .toolCalls)
        #expect(reply["object"] == "response" && reply["status"] == "completed" && reply["model"] == "m/1")
        let items = Self.items(reply)
        #expect(
            items.map { $0["type"] } == [
                "reasoning", "message", "function_call", "custom_tool_call", "function_call",
            ])
        #expect(items[0]["encrypted_content"] == "m/1|hmm")
        #expect(items[2]["arguments"] == "{\"x\":1}" && items[2]["call_id"] == "c1" && items[2]["name"] == "f")
        #expect(items[3]["input"] == "in" && items[3]["name"] == "g")
        #expect(items[4]["namespace"] == "n" && items[4]["name"] == "h")
        #expect(items.allSatisfy { $0["status"] == "completed" })
    }

    static let requiredKeys = [
        "id", "object", "created_at", "status", "completed_at", "error", "incomplete_details", "output", "usage",
        "model",
        "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "prompt_cache_key", "reasoning",
        "safety_identifier", "temperature", "top_p", "presence_penalty", "frequency_penalty", "text", "tool_choice",
        "tools", "top_logprobs", "user", "background", "max_tool_calls", "previous_response_id", "service_tier",
        "store",
        "truncation",
    ]

    @Test("Every key that clients require is there once, null where there is nothing")
    func keys() throws {
        let reply = try Self.whole(Self.request(), [.text(choice: 0, "a", [])], .stop)
        let names = reply.members.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(Set(Self.requiredKeys).isSubset(of: names), "\(Set(Self.requiredKeys).subtracting(names))")
        guard case .object(let usage)? = reply["usage"], case .object(let input)? = usage["input_tokens_details"],
            case .object(let output)? = usage["output_tokens_details"]
        else { throw APIError.internalError }
        #expect(usage["input_tokens"] == .integer(9) && usage["output_tokens"] == .integer(5))
        #expect(usage["total_tokens"] == .integer(14) && input["cached_tokens"] == .integer(4))
        #expect(input["cache_write_tokens"] == .integer(0) && output["reasoning_tokens"] == .integer(2))
    }

    @Test("A reply repeats what its request said")
    func echo() throws {
        let members = #"""
            "instructions":"i","max_output_tokens":7,"max_tool_calls":3,"metadata":{"a":"b"},"parallel_tool_calls":false,
            "prompt_cache_key":"k","safety_identifier":"s","temperature":0.5,"top_p":0.25,"presence_penalty":1.5,
            "frequency_penalty":-0.5,"tool_choice":"none","user":"u"
            """#
        let reply = try Self.whole(Self.request("," + members), [], .stop)
        guard case .object(let sent) = try JSONValue.parse(Array("{\(members)}".utf8), limits: .body) else {
            throw APIError.internalError
        }
        for member in sent.members { #expect(reply[member.name] == member.value, "\(member.name)") }
    }

    @Test("The functions of a request have the keys that clients require when the reply repeats them")
    func repeatedTools() throws {
        guard case .array(let tools)? = try Self.whole(Self.request(Self.toolMembers), [], .stop)["tools"],
            case .object(let function)? = tools.first, case .object(let custom)? = tools.dropFirst().first
        else { throw APIError.internalError }
        #expect(function["parameters"] == .null && function["strict"] == .null && function["name"] == "f")
        #expect(custom.members.map(\.name) == ["type", "name"])
        let full = #","tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true}]"#
        guard case .array(let whole)? = try Self.whole(Self.request(full), [], .stop)["tools"],
            case .object(let function)? = whole.first
        else { throw APIError.internalError }
        #expect(function.members.map(\.name) == ["type", "name", "parameters", "strict"])
        #expect(function["strict"] == .bool(true))
    }

    @Test("A stream counts its events, opens and closes each item, and ends with the whole response")
    func streamed() throws {
        let events = try Self.stream(Self.request(Self.toolMembers), Self.turn, .toolCalls)
        #expect(events.map { $0.data["sequence_number"] } == (0..<events.count).map { .integer(Int64($0)) })
        let part = ["response.content_part.added"]
        func item(_ delta: String, deltas: Int, inner: [String], end: [String]) -> [String] {
            ["response.output_item.added"] + inner + Array(repeating: delta + ".delta", count: deltas) + [
                delta + ".done"
            ]
                + end + ["response.output_item.done"]
        }
        let done = ["response.content_part.done"]
        let expected =
            ["response.created", "response.in_progress"]
            + item("response.reasoning_text", deltas: 2, inner: part, end: done)
            + item("response.output_text", deltas: 2, inner: part, end: done)
            + item("response.function_call_arguments", deltas: 2, inner: [], end: [])
            + item("response.custom_tool_call_input", deltas: 1, inner: [], end: [])
            + item("response.function_call_arguments", deltas: 1, inner: [], end: [])
            + ["response.completed"]
        #expect(events.map(\.name) == expected)
        guard case .object(let last)? = events.last?.data["response"] else { throw APIError.internalError }
        #expect(Self.items(last).count == 5)
        // An item begins empty, and its identity never changes.
        let added = events.filter { $0.name == "response.output_item.added" }
        for (index, event) in added.enumerated() {
            #expect(event.data["output_index"] == .integer(Int64(index)))
            guard case .object(let item)? = event.data["item"] else { throw APIError.internalError }
            #expect(item["status"] == "in_progress")
            #expect(item["id"] == Self.items(last)[index]["id"])
            #expect([nil, ""].contains(item["arguments"]) && [nil, ""].contains(item["input"]))
        }
    }

    @Test("A summary, where it was asked for, tells the thoughts instead of their text")
    func summary() throws {
        let request = try Self.request(#","reasoning":{"summary":"auto"}"#)
        let turn: [GenerationEvent] = [.reasoning(choice: 0, "hm", []), .text(choice: 0, "a", [])]
        let names = try Self.stream(request, turn, .stop).map(\.name)
        #expect(
            names[2..<8] == [
                "response.output_item.added", "response.reasoning_summary_part.added",
                "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.done", "response.output_item.done",
            ])
        let item = Self.items(try Self.whole(request, turn, .stop))[0]
        #expect(item["content"] == .array([]))
        guard case .array(let summary)? = item["summary"] else { throw APIError.internalError }
        #expect(summary.count == 1)
    }

    @Test(
        "A reply that a limit cut is incomplete, and so is its last item",
        arguments: [FinishReason.length, .contextEnd])
    func cut(reason: FinishReason) throws {
        let turn: [GenerationEvent] = [.reasoning(choice: 0, "hm", []), .text(choice: 0, "a", [])]
        let reply = try Self.whole(Self.request(), turn, reason)
        #expect(reply["status"] == "incomplete" && reply["completed_at"] == .null)
        #expect(
            reply["incomplete_details"] == .object(JSONObject([.init(name: "reason", value: "max_output_tokens")])))
        #expect(Self.items(reply).map { $0["status"] } == ["completed", "incomplete"])
        #expect(try Self.stream(Self.request(), turn, reason).last?.name == "response.incomplete")
    }

    @Test("A failure is the last event, with the code that agents know and what was said so far")
    func failure() throws {
        var stream = ResponsesStream(try Self.request(), by: ResponsesRequestTests.model, created: 7, seal: PlainSeal())
        var bytes = stream.opening()
        bytes += try stream.encode(.accepted(promptTokens: 9))
        bytes += try stream.encode(.text(choice: 0, "a", []))
        bytes += stream.ping()
        bytes += stream.failure(.contextLengthExceeded(limit: 8, prompt: 9))
        let events = try Self.parsed(String(decoding: bytes, as: UTF8.self))
        #expect(events.suffix(2).map(\.name) == ["response.in_progress", "response.failed"])
        guard case .object(let response)? = events.last?.data["response"], case .object(let error)? = response["error"]
        else { throw APIError.internalError }
        #expect(response["status"] == "failed" && error["code"] == "context_length_exceeded")
        let items = Self.items(response)
        #expect(items.count == 1 && items[0]["status"] == "incomplete")
        guard case .array(let parts)? = items[0]["content"], case .object(let part)? = parts.first else {
            throw APIError.internalError
        }
        #expect(part["text"] == "a")
    }

    @Test("More of a call that another item has ended is an error of ours, and never another call's input")
    func interleaved() throws {
        func begin(_ index: Int) -> GenerationEvent {
            .toolCall(choice: 0, ToolCallDelta(index: index, start: .init(id: "c\(index)", name: "f"), arguments: "{"))
        }
        let more = GenerationEvent.toolCall(choice: 0, ToolCallDelta(index: 0, arguments: "}"))
        for said in [[begin(0), begin(1), more], [begin(0), .text(choice: 0, "a", []), more]] {
            let error = #expect(throws: GenerationError.self) {
                _ = try Self.whole(Self.request(Self.toolMembers), said, .toolCalls)
            }
            #expect(error?.code == .internal)
        }
    }

    @Test(
        "A failure has a code that clients know: one to act on, or whose fault it is",
        arguments: [
            (.internalError, "server_error"), (.overloaded(retryAfter: 1), "server_is_overloaded"),
            (.stopping, "server_is_overloaded"), (.unread, "server_error"),
            (.quotaSpent("Spent."), "insufficient_quota"),
            (.rateLimited(.tokens, "Full.", retryAfter: 1), "rate_limit_exceeded"),
            (.nothingAllowed("text.format", "No."), "invalid_prompt"),
            (.invalidValue("input", "No."), "invalid_prompt"),
        ] as [(APIError, String)])
    func failureCode(_ error: APIError, _ code: String) throws {
        var stream = ResponsesStream(try Self.request(), by: ResponsesRequestTests.model, created: 7, seal: PlainSeal())
        let events = try Self.parsed(String(decoding: stream.opening() + stream.failure(error), as: UTF8.self))
        guard case .object(let response)? = events.last?.data["response"], case .object(let told)? = response["error"]
        else { throw APIError.internalError }
        #expect(told["code"] == .string(code) && told["message"] == .string(error.message))
    }

    @Test("Log probabilities stand in the deltas and in the whole text")
    func logprobs() throws {
        let request = try Self.request(#","include":["message.output_text.logprobs"]"#)
        let report = TokenReport(token: .init(bytes: [97], logprob: -0.5), alternatives: [])
        let events = try Self.stream(request, [.text(choice: 0, "a", [report])], .stop)
        for name in ["response.output_text.delta", "response.output_text.done"] {
            guard case .array(let logprobs)? = events.first(where: { $0.name == name })?.data["logprobs"] else {
                throw APIError.internalError
            }
            #expect(logprobs.count == 1)
        }
    }

    @Test("The reports of a text's first character are all there, also where several tokens make it")
    func logprobsOfFirstCharacter() throws {
        let request = try Self.request(#","include":["message.output_text.logprobs"]"#)
        let reports = Array("é".utf8).map { TokenReport(token: .init(bytes: [$0], logprob: -0.5), alternatives: []) }
        let thought: [GenerationEvent] = [.text(choice: 0, "", [reports[0]]), .reasoning(choice: 0, "é", [reports[1]])]
        let text: [GenerationEvent] = [.text(choice: 0, "", [reports[0]]), .text(choice: 0, "é", [reports[1]])]
        for said in [text, thought + text] {
            let message = try #require(Self.items(try Self.whole(request, said, .stop)).last)
            guard case .array(let parts)? = message["content"], case .object(let part)? = parts.first,
                case .array(let logprobs)? = part["logprobs"]
            else { throw APIError.internalError }
            #expect(logprobs.count == 2)
            let deltas = try Self.stream(request, said, .stop).filter { $0.name == "response.output_text.delta" }
            #expect(deltas.count == 1 && deltas[0].data["logprobs"] == part["logprobs"])
        }
    }

    @Test("A long reply costs time in proportion to its length")
    func linear() throws {
        func seconds(_ deltas: Int) throws -> Double {
            let turn = Array(repeating: GenerationEvent.text(choice: 0, " word", []), count: deltas)
            return try leastProcessorTime { _ = try Self.bytes(Self.request(), turn) } / .seconds(1)
        }
        #expect(try seconds(40_000) < 8 * seconds(10_000))
    }

    private static func bytes(_ request: ResponsesRequest, _ events: [GenerationEvent]) throws -> Int {
        var stream = ResponsesStream(request, by: ResponsesRequestTests.model, created: 7, seal: PlainSeal())
        return try Self.events(events, .stop).reduce(0) { try $0 + stream.encode($1).count }
    }
}
