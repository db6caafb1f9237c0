/// A chat template, and the name by which `--chat-template` selects it.
package struct ChatTemplateSource: Sendable, Equatable {
    /// nil for the default one.
    package var name: String?
    package var source: String

    /// - Parameter name: The word `default` means the default one, as none does.
    init(name: String?, source: String) {
        self.name = Self.variant(name)
        self.source = source
    }

    /// A template's name; nil for the default one, whether it is called so or not at all.
    package static func variant(_ name: String?) -> String? {
        name.flatMap { FileWord($0) == "default" ? nil : $0 }
    }
}
