package import PinionEngine
package import PinionText

/// A conversation and how to continue it.
package struct GenerationRequest: Sendable {
    package struct Message: Sendable {
        package var role: String
        package var content: String
        package var name: String?

        package init(role: String, content: String, name: String? = nil) {
            self.role = role
            self.content = content
            self.name = name
        }
    }

    package var messages: [Message]
    package var sampling = SamplingParameters()
    /// Independent continuations.
    package var choices = 1
    package var maximumTokens: Int?
    /// The text ends before the first occurrence of any of these.
    package var stop: [String] = []
    /// Whether end tokens are ordinary tokens that the text goes on after.
    package var ignoresEnd = false
    /// Extra variables for the chat template.
    package var templateArguments: [String: TemplateValue] = [:]

    package init(messages: [Message]) {
        self.messages = messages
    }
}
