/// Closes what a model thought into a text that only this server can open, for clients that keep a conversation and send
/// it back without having read it.
package protocol ReasoningSeal: Sendable {
    /// - Parameter model: The id of the model that thought it.
    func seal(_ text: String, by model: String) -> String

    /// - Returns: nil for what this server did not seal, or what somebody changed.
    func open(_ sealed: String) -> SealedReasoning?
}

/// What a seal held.
package struct SealedReasoning: Sendable, Equatable {
    package var text: String
    /// The id of the model that thought it.
    package var model: String

    package init(text: String, model: String) {
        self.text = text
        self.model = model
    }
}
