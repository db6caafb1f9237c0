/// Where sampling parameters come from that a request leaves out.
enum GenerationAdvice: String, CaseIterable {
    /// Temperature 1 and no cuts, as clients of the OpenAI API expect.
    case none
    /// What the model's files advise: `generation_config.json`, or metadata of sampling.
    case model
}
