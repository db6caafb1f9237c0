/// Whose advice counts where a request does not say how tokens are chosen.
enum GenerationAdvice: String, CaseIterable {
    /// Nobody's: the model's whole distribution at temperature 1, as the OpenAI API has it.
    case none
    /// That of the model's files.
    case model
}
