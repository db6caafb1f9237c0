/// A prompt and how to continue it; one or more choices are sampled from it independently.
package struct EngineRequest: Sendable {
    /// One continuation of the prompt.
    package struct Choice: Sendable {
        package var sink: any TokenSink
        /// What it may say; one of its own for each choice, because a constraint is a state.
        package var constraint: (any TokenConstraint)?

        package init(sink: any TokenSink, constraint: (any TokenConstraint)? = nil) {
            self.sink = sink
            self.constraint = constraint
        }
    }

    package var prompt: [Int32]
    /// Whose it is: tenants share the engine evenly, and only a tenant's own prompts are found again in the cache.
    package var tenant: String
    package var sampling: SamplingParameters
    /// Tokens to sample at most; nil for as many as the context has room for.
    ///
    /// A number beyond that room is no error: the sequence ends with `.length` where the context does. Agents send a
    /// fixed 32,000 whatever the prompt's length, and refusing such requests would break every agent.
    package var maximumTokens: Int?
    /// A sequence ends with `.stop` at the first of these.
    package var endTokens: Set<Int32>
    package var choices: [Choice]

    package init(
        prompt: [Int32], tenant: String = "", sampling: SamplingParameters, maximumTokens: Int?, endTokens: Set<Int32>,
        choices: [Choice]
    ) {
        self.prompt = prompt
        self.tenant = tenant
        self.sampling = sampling
        self.maximumTokens = maximumTokens
        self.endTokens = endTokens
        self.choices = choices
    }
}
