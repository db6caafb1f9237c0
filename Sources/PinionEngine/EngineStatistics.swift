/// What an engine has done.
package struct EngineStatistics: Sendable, Equatable {
    /// Forward passes.
    package var steps = 0
    /// Tokens computed before a sequence's first, or again after a preemption.
    package var promptTokens = 0
    /// Tokens of prompts that were found in the cache instead.
    package var cachedTokens = 0
    /// Tokens sampled, drafts that were accepted included.
    package var sampledTokens = 0
    /// Guessed tokens that were computed ahead.
    package var draftedTokens = 0
    /// Those of them that were sampled indeed, each of which saved its sequence a step.
    package var acceptedTokens = 0
    /// Sequences whose blocks were taken for others.
    package var preemptions = 0

    package init() {}
}
