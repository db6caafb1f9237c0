/// How a model is served beside what its engine is told.
package struct TextOptions: Sendable, Equatable {
    /// What is taken instead of the model's own default template.
    package var template: ServedTemplate.Choice?
    /// How the model writes calls of tools; nil to tell it from the template.
    package var toolFormat: String?
    /// Whether requests that do not say how tokens are chosen get what the model's files advise.
    package var usesGenerationDefaults = false

    package init() {}
}
