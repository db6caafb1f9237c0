import TextGeneration

/// Identifiers for templates that count their letters.
extension ConversationLayout {
    /// Letters and digits of an identifier where the template counts them.
    private static let shortIdentifierLength = 9

    static func shortened(_ message: Message) -> Message {
        var message = message
        message.toolCallID = message.toolCallID.map(shortIdentifier)
        message.toolCalls = message.toolCalls.map { call in
            ToolCall(id: shortIdentifier(call.id), name: call.name, arguments: call.arguments)
        }
        return message
    }

    /// Nine letters and digits that stand for an identifier; equal ones for equal ones.
    private static func shortIdentifier(_ id: String) -> String {
        let isShort = id.utf8.count == shortIdentifierLength && id.utf8.allSatisfy(\.isAlphanumeric)
        if isShort { return id }
        var hash = StableHash.of(id)
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var text = ""
        for _ in 0..<shortIdentifierLength {
            text.append(letters[Int(hash % UInt64(letters.count))])
            hash /= UInt64(letters.count)
        }
        return text
    }
}
