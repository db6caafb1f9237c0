import PinionJSON
import PinionWire
import TextGeneration

/// The last message of a request that asks for its continuation: `"continue_final_message": true`, as vLLM spells it.
///
/// The message is the assistant's, and the reply goes on after its text. The reply tells only what follows.
struct FinalMessage {
    static let field: ProtocolWord = "continue_final_message"

    /// Where the message stands, such as `messages[3]`.
    let path: String
    let message: Message

    /// The text that the reply begins with.
    ///
    /// - Throws: `invalid_value` for what no reply can begin with: another role's text, a call, nothing, or white space at
    ///   the end, after which tokenizers go on badly.
    func text() throws(APIError) -> String {
        guard message.role == .assistant else {
            throw .invalidValue(
                "\(path).role",
                "'\(Self.field)' continues a last message of the role 'assistant', but its role is "
                    + "'\(message.role.rawValue)'.")
        }
        guard message.toolCalls.isEmpty else {
            throw .invalidValue(path, "a message with tool calls cannot be continued. Answer the calls instead.")
        }
        let text = message.text
        guard let last = text.unicodeScalars.last else {
            throw .invalidValue("\(path).content", "there is no text to continue. Leave the message out instead.")
        }
        guard !last.properties.isWhitespace else {
            throw .invalidValue(
                "\(path).content", "a text that is to be continued cannot end with trailing whitespace.")
        }
        return text
    }
}

extension ChatCompletionRequest {
    /// Makes the last message the beginning of the reply, where the client asks for that.
    mutating func readFinalMessage(_ fields: FieldReader) throws(APIError) {
        guard try fields.boolean("continue_final_message") ?? false else { return }
        var messages = generation.conversation.messages
        // A request has one message at least.
        guard let last = messages.popLast() else { return }
        let list = fields.value("message") == nil ? "messages" : "message"
        let final = FinalMessage(path: "\(list)[\(messages.count)]", message: last)
        let text = try final.text()
        guard !messages.isEmpty else {
            throw .invalidValue(final.path, "a message that is to be continued needs one that it answers.")
        }
        if generation.format != .text {
            throw .invalidValue(
                final.path,
                "a reply that has begun leaves no place for '\(paths.format ?? "response_format")'. Send one of them.")
        }
        if generation.reasoning.isEnabled == true {
            throw .invalidValue(
                final.path, "a reply that has begun leaves no place for thinking. Ask for one of them.")
        }
        generation.conversation.messages = messages
        generation.prefill = text
    }
}
