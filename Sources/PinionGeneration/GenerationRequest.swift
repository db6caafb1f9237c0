package import PinionEngine
package import PinionTemplate

/// A conversation and how to continue it.
package struct GenerationRequest: Sendable {
    package struct Message: Sendable, Equatable {
        package var role: String
        package var content: String
        package var name: String?
        /// Of a `tool` message: the call that it answers.
        package var toolCallID: String?

        package init(role: String, content: String, name: String? = nil, toolCallID: String? = nil) {
            self.role = role
            self.content = content
            self.name = name
            self.toolCallID = toolCallID
        }
    }

    package var messages: [Message]
    /// Whose it is; see ``EngineRequest/tenant``.
    package var tenant = ""
    package var sampling = SamplingParameters()
    /// Independent continuations.
    package var choices = 1
    package var maximumTokens: Int?
    /// The text ends before the first occurrence of any of these.
    package var stop: [String] = []
    /// Whether end tokens are ordinary tokens that the text goes on after.
    package var ignoresEnd = false
    /// Variables of the chat template that are set here or built in, and that no request may set.
    package static let reservedTemplateArguments: Set<String> = [
        "messages", "bos_token", "eos_token", "raise_exception", "strftime_now", "namespace", "range", "dict",
        "joiner", "cycler", "loop", "caller",
    ]
    /// Roles that templates know: words of ours, which a template may build its control tokens of.
    static let roles: Set<TemplateName> = ["system", "user", "assistant", "tool"]

    /// Extra variables for the chat template, none of ``reservedTemplateArguments``.
    package var templateArguments: [TemplateName: TemplateValue] = [:]

    package init(messages: [Message]) {
        self.messages = messages
    }
}
