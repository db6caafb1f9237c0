import AnthropicAPI
import PinionWire
import Testing
import TextGeneration

/// Events of a generation, and what becomes of them on the wire.
enum Reply {
    static func text(_ text: String) -> GenerationEvent { .text(choice: 0, text, []) }
    static func reasoning(_ text: String) -> GenerationEvent { .reasoning(choice: 0, text, []) }
    static func finished(_ reason: FinishReason = .stop) -> GenerationEvent { .finished(choice: 0, reason) }

    static func call(_ index: Int, _ id: String, _ name: String, _ arguments: String = "") -> GenerationEvent {
        .toolCall(choice: 0, ToolCallDelta(index: index, start: .init(id: id, name: name), arguments: arguments))
    }

    static func more(_ index: Int, _ arguments: String) -> GenerationEvent {
        .toolCall(choice: 0, ToolCallDelta(index: index, arguments: arguments))
    }

    static func usage(prompt: Int = 5, cached: Int? = nil, completion: Int = 3, reasoning: Int = 0) -> GenerationEvent {
        var usage = Usage(promptTokens: prompt, cachedTokens: cached, completionTokens: completion)
        usage.reasoningTokens = reasoning
        return .usage(usage)
    }

    /// A whole generation around what the model said.
    static func events(_ said: [GenerationEvent], _ reason: FinishReason = .stop) -> [GenerationEvent] {
        [.accepted(promptTokens: 5)] + said + [finished(reason), usage()]
    }

    static func request(omitted: Bool = false) throws -> MessagesRequest {
        try decodeRequest(omitted ? #""thinking":{"type":"adaptive","display":"omitted"}"# : "")
    }

    /// The reply that does not stream.
    static func whole(_ events: [GenerationEvent], omitted: Bool = false) throws -> String {
        var reply = MessageAssembly(try request(omitted: omitted), by: testModel, seal: TestSeal(), id: "msg_1")
        for event in events { try reply.add(event) }
        return String(decoding: try reply.body(), as: UTF8.self)
    }

    /// The `content` of the reply that does not stream, as it is written.
    static func content(
        _ said: [GenerationEvent], _ reason: FinishReason = .stop, omitted: Bool = false
    ) throws -> String {
        let whole = try whole(events(said, reason), omitted: omitted)
        let start = try #require(whole.firstRange(of: #""content":["#)).upperBound
        let end = try #require(whole.firstRange(of: #"],"stop_reason""#)).lowerBound
        return String(whole[start..<end])
    }

    /// The events of the stream, each without its blank line.
    static func streamed(_ events: [GenerationEvent], omitted: Bool = false) throws -> [String] {
        var stream = MessageStream(try request(omitted: omitted), by: testModel, seal: TestSeal(), id: "msg_1")
        var bytes = stream.opening()
        for event in events { bytes += try stream.encode(event) }
        bytes += try stream.end()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("\n\n"))
        return text.components(separatedBy: "\n\n").dropLast()
    }

    /// The events of the stream between `message_start` and `message_delta`.
    static func blocks(_ said: [GenerationEvent], omitted: Bool = false) throws -> [String] {
        Array(try streamed(events(said), omitted: omitted).dropFirst().dropLast(2))
    }

    static func start(_ index: Int, _ block: String) -> String {
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":\(index),\"content_block\":\(block)}"
    }

    static func delta(_ index: Int, _ delta: String) -> String {
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":\(index),\"delta\":\(delta)}"
    }

    static func stop(_ index: Int) -> String {
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":\(index)}"
    }
}

extension String {
    /// Without Foundation, whose method of the name is not what is tested here.
    func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
