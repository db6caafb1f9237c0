/// One message of the conversation a request sends.
package struct ChatMessage: Sendable, Equatable {
    /// Who wrote a message.
    package enum Role: String, Sendable, CaseIterable {
        case system, user, assistant, developer, tool
    }

    package var role: Role
    /// The text; text parts are joined with a newline, as vLLM and llama.cpp join them.
    package var content: String
    /// The participant's name, for templates that show it.
    package var name: String?
    /// The call that a `tool` message answers; non-nil exactly for that role.
    package var toolCallID: String?

    package init(role: Role, content: String, name: String? = nil, toolCallID: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
        self.toolCallID = toolCallID
    }
}
