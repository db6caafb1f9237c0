/// Where sampling parameters come from that a request leaves out.
enum GenerationAdvice: String, CaseIterable {
    /// Temperature 1 and no cuts, as clients of the OpenAI API expect.
    case none
    /// `generation_config.json`, or GGUF's `general.sampling.*`.
    case model
}
