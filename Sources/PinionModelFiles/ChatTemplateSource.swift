/// A chat template, and the name by which `--chat-template` selects it.
package struct ChatTemplateSource: Sendable, Equatable {
    /// nil for the default one.
    package var name: String?
    package var source: String
}
