import PinionJSON
import PinionTerminal
import TextGeneration

/// What a server says of a reply: chunks of a stream, whole replies of servers that do not stream, errors.
enum RemoteChatReply {
    static let limits = JSONLimits(depth: 64, values: 1_000_000)
    /// Characters of a server's message that are repeated.
    private static let maximumMessage = 400

    /// The events of a chunk or of a whole reply.
    ///
    /// - Throws: ``ChatError`` for one that tells an error, or is no JSON object.
    static func events(of bytes: [UInt8]) throws -> [ChatEvent] {
        guard case .object(let object)? = try? JSONValue.parse(bytes, limits: limits) else {
            throw ChatError("the server sent something that is no chunk of a reply: \(quoted(bytes))")
        }
        if let error = object["error"], error != .null { throw failure(error, status: nil) }
        var events: [ChatEvent] = []
        if case .array(let choices)? = object["choices"], case .object(let choice)? = choices.first {
            if case .object(let delta)? = choice["delta"] ?? choice["message"] { events += told(delta) }
            if case .string(let reason)? = choice["finish_reason"] { events.append(.finished(word(reason))) }
        }
        if case .object(let usage)? = object["usage"], let told = Self.usage(usage) { events.append(.usage(told)) }
        return events
    }

    private static func told(_ delta: JSONObject) -> [ChatEvent] {
        var events: [ChatEvent] = []
        for name in ["reasoning_content", "reasoning"] {
            if case .string(let text)? = delta[name], !text.isEmpty {
                events.append(.reasoning(text))
                break
            }
        }
        for name in ["content", "refusal"] {
            if case .string(let text)? = delta[name], !text.isEmpty { events.append(.text(text)) }
        }
        var calls: [JSONValue] = []
        if case .array(let listed)? = delta["tool_calls"] { calls = listed }
        if let old = delta["function_call"] { calls.append(.object(JSONObject([.init(name: "function", value: old)]))) }
        for case .object(let call) in calls {
            guard case .object(let function)? = call["function"] ?? call["custom"] else { continue }
            if case .string(let name)? = function["name"], !name.isEmpty { events.append(.call(name: name)) }
            if case .string(let text)? = function["arguments"] ?? function["input"], !text.isEmpty {
                events.append(.arguments(text))
            }
        }
        return events
    }

    private static func word(_ reason: String) -> FinishWord {
        switch ProtocolWord(reason) {
        case "stop": .stop
        case "length": .length
        case "tool_calls", "function_call": .toolCalls
        default: .other(cut(reason))
        }
    }

    private static func usage(_ object: JSONObject) -> Usage? {
        func count(_ name: String, of object: JSONObject) -> Int? {
            guard case .integer(let value)? = object[name], (0...Int64(Int32.max)) ~= value else { return nil }
            return Int(value)
        }
        guard let prompt = count("prompt_tokens", of: object), let completion = count("completion_tokens", of: object)
        else { return nil }
        var usage = Usage(promptTokens: prompt, completionTokens: completion)
        if case .object(let details)? = object["prompt_tokens_details"] {
            usage.cachedTokens = count("cached_tokens", of: details)
        }
        if case .object(let details)? = object["completion_tokens_details"] {
            usage.reasoningTokens = count("reasoning_tokens", of: details) ?? 0
        }
        return usage
    }

    // MARK: - Errors

    /// What a reply of another status than 200 says.
    static func failure(status: Int, body: [UInt8]) -> ChatError {
        guard let value = try? JSONValue.parse(body, limits: limits), case .object(let object) = value else {
            return ChatError("the server answered with status \(status)" + hint(status))
        }
        return failure(object["error"] ?? object["detail"] ?? object["message"] ?? value, status: status)
    }

    private static func failure(_ error: JSONValue, status: Int?) -> ChatError {
        var message = ""
        var code: String?
        switch error {
        case .string(let text): message = text
        case .object(let object):
            if case .string(let text)? = object["message"] { message = text }
            if case .string(let text)? = object["code"] { code = text }
        default: break
        }
        let place = status.map { "the server answered with status \($0)" } ?? "the server ended the reply"
        let text = place + (message.isEmpty ? "" : ": \(cut(message))") + (status.map(hint) ?? "")
        let isFull = code.map { ProtocolWord($0) == "context_length_exceeded" } ?? false
        return ChatError(isFull ? .contextFull : .other, text)
    }

    private static func hint(_ status: Int) -> String {
        switch status {
        case 401, 403: " (--api-key or PINION_API_KEY gives a key)"
        case 404: " (is it the address of an OpenAI API, and the name of one of its models?)"
        case 429, 503: " (try again later)"
        default: ""
        }
    }

    /// One line of bounded length.
    private static func cut(_ text: String) -> String {
        let line = TerminalText.line(String(text.unicodeScalars.prefix(maximumMessage)))
        return text.unicodeScalars.count > maximumMessage ? line + "…" : line
    }

    private static func quoted(_ bytes: [UInt8]) -> String { cut(String(decoding: bytes.prefix(80), as: UTF8.self)) }
}
