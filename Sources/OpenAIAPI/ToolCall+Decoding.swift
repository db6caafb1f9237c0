import PinionJSON
import PinionWire
import TextGeneration

/// Calls of an earlier reply that a client sends back.
///
/// Names and arguments are taken as they are: a model under `auto` may have called what no tool is called, and a reply that
/// was cut has half of a JSON text. Refused, the client could not go on after such a reply.
extension ToolCall {
    private enum Kind: String, CaseIterable {
        case function, custom
    }

    /// Arguments of a call that has none. Servers differ, and templates read the text as JSON.
    private static let noArguments = "{}"

    /// Reads an assistant message's `tool_calls`; absent it is empty.
    static func decodeList(_ message: FieldReader) throws(APIError) -> [ToolCall] {
        var calls: [ToolCall] = []
        for entry in try message.objects("tool_calls") ?? [] { calls.append(try ToolCall(entry)) }
        return calls
    }

    /// Reads `{id, type, function: {name, arguments}}` or `{id, type: "custom", custom: {name, input}}`. A streamed call
    /// that a client put together has an `index`, too, and one that openai's package parsed its `parsed_arguments`.
    private init(_ entry: FieldReader) throws(APIError) {
        // Clients that put a streamed call together may have lost the type.
        let kind = try entry.word("type", as: Kind.self) ?? .function
        let member = kind.rawValue
        try entry.refuseUnknown(["id", "type", "index", ProtocolWord(member)])
        _ = try entry.integer("index", in: 0...ChatCompletionRequest.maximumTokenNumber)
        let id = try entry.requiredString("id")
        let call = try entry.requiredNested(member)
        switch kind {
        case .function:
            try call.refuseUnknown(["name", "arguments", "parsed_arguments"])
            self.init(id: id, name: try call.requiredString("name"), arguments: try Self.arguments(call))
        case .custom:
            try call.refuseUnknown(["name", "input"])
            self.init(id: id, name: try call.requiredString("name"), arguments: try call.requiredString("input"))
        }
    }

    /// Reads an assistant message's `function_call`, OpenAI's older spelling; nil where it is absent.
    ///
    /// - Parameter id: An identifier, as the older spelling has none.
    init?(old message: FieldReader, id: String) throws(APIError) {
        guard let call = try message.nested("function_call") else { return nil }
        try call.refuseUnknown(["name", "arguments"])
        self.init(id: id, name: try call.requiredString("name"), arguments: try Self.arguments(call))
    }

    private static func arguments(_ call: FieldReader) throws(APIError) -> String {
        let arguments = try call.requiredString("arguments")
        return arguments.isEmpty ? noArguments : arguments
    }
}

/// Gives the calls of OpenAI's older spelling identifiers, and the messages that answer them the same.
struct OldCallIDs {
    /// By the function's name: the older spelling answers a call by naming its function.
    private var latest: [ProtocolWord: String] = [:]

    /// - Parameter index: The call's place in the list of messages. Equal bodies so have equal prompts, which a random
    ///   identifier would spoil.
    static func id(at index: Int) -> String { "call_\(index)" }

    mutating func note(_ call: ToolCall) {
        latest[ProtocolWord(call.name)] = call.id
    }

    /// The identifier of the latest call of a function; nil where an agent trimmed it away.
    func answered(by name: String) -> String? { latest[ProtocolWord(name)] }
}
