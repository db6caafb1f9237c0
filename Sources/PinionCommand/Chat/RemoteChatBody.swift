import PinionJSON
import TextGeneration

/// The body of `POST /v1/chat/completions` for a chat.
///
/// What was not asked for is not in it, so that a server that knows a few fields only is not asked for others.
struct RemoteChatBody {
    /// OpenAI's own host, whose newer models refuse `max_tokens`.
    private static let firstHost = "api.openai.com"

    let model: String
    let request: GenerationRequest
    let host: String

    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(.object(JSONObject(members)))
        return writer.bytes
    }

    private var members: [JSONObject.Member] {
        var members = [
            member("model", .string(model)),
            member("messages", .array(request.conversation.messages.map(Self.message))),
            member("stream", .bool(true)),
            member("stream_options", Self.object([("include_usage", .bool(true))])),
        ]
        let sampling = request.sampling
        let numbers: [(String, Double?)] = [
            ("temperature", sampling.temperature), ("top_p", sampling.topP), ("min_p", sampling.minP),
            ("presence_penalty", sampling.presencePenalty == 0 ? nil : sampling.presencePenalty),
            ("frequency_penalty", sampling.frequencyPenalty == 0 ? nil : sampling.frequencyPenalty),
            ("repetition_penalty", sampling.repetitionPenalty),
        ]
        for (name, number) in numbers { if let number { members.append(member(name, .decimal(number))) } }
        let limit = host == Self.firstHost ? "max_completion_tokens" : "max_tokens"
        let integers: [(String, Int64?)] = [
            ("top_k", sampling.topK.map(Int64.init)), (limit, request.maximumTokens.map(Int64.init)),
            ("seed", sampling.seed), ("thinking_budget", request.reasoning.budget.map(Int64.init)),
        ]
        for (name, number) in integers { if let number { members.append(member(name, .integer(number))) } }
        if !request.stop.isEmpty { members.append(member("stop", .array(request.stop.map(JSONValue.string)))) }
        if let effort = request.reasoning.effort { members.append(member("reasoning_effort", .string(effort))) }
        if let thinks = request.reasoning.isEnabled {
            members.append(member("chat_template_kwargs", Self.object([("enable_thinking", .bool(thinks))])))
        }
        if let format { members.append(member("response_format", format)) }
        return members
    }

    private var format: JSONValue? {
        switch request.format {
        case .jsonObject: Self.object([("type", "json_object")])
        case .jsonSchema(let schema, let isStrict):
            Self.object([
                ("type", "json_schema"),
                ("json_schema", Self.object([("name", "reply"), ("strict", .bool(isStrict)), ("schema", schema)])),
            ])
        case .text, .pattern, .choice, .grammar: nil
        }
    }

    private static func message(_ message: Message) -> JSONValue {
        object([("role", .string(message.role.rawValue)), ("content", .string(message.text))])
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(JSONObject(members.map { JSONObject.Member(name: $0.0, value: $0.1) }))
    }

    private func member(_ name: String, _ value: JSONValue) -> JSONObject.Member {
        JSONObject.Member(name: name, value: value)
    }
}
