package import TextGeneration

/// Seals what a model thought, so that a client can keep it and send it back without being able to change or forge it.
///
///     let seal = server.seal.scoped(to: tenant)
///     let sealed = seal.seal("The river rises in May.", by: "a/b")
///     seal.open(sealed)?.text          // "The river rises in May."
///
/// Whether a client can read what is sealed is for the conformance to say. Equal texts may be sealed differently.
package protocol ReasoningSeal: Sendable {
    /// The seal of one tenant, which opens what no other tenant's has closed: a text that its client never saw is not
    /// read by whoever finds it.
    func scoped(to tenant: Tenant) -> any ReasoningSeal

    /// - Parameters:
    ///   - text: What the model thought.
    ///   - model: The id of the model, with its version.
    /// - Returns: Printable ASCII.
    func seal(_ text: String, by model: String) -> String

    /// Nil for what this server did not seal, or somebody changed.
    ///
    /// - Complexity: Linear in `sealed`, which comes from a client.
    func open(_ sealed: String) -> SealedReasoning?
}

/// What was sealed.
package struct SealedReasoning: Sendable, Equatable {
    /// What the model thought.
    package var text: String
    /// The id of the model that thought it.
    package var model: String

    package init(text: String, model: String) {
        self.text = text
        self.model = model
    }
}
