/// A token the sampler chose.
package struct SampledToken: Sendable, Equatable {
    package struct Candidate: Sendable, Equatable {
        package var id: Int32
        /// Natural logarithm of the probability by the model's own distribution, before bias, penalties and temperature.
        package var logprob: Float

        package init(id: Int32, logprob: Float) {
            self.id = id
            self.logprob = logprob
        }
    }

    package var id: Int32
    /// nil unless asked for.
    package var logprob: Float?
    /// Most likely first.
    package var alternatives: [Candidate]

    package init(id: Int32, logprob: Float? = nil, alternatives: [Candidate] = []) {
        self.id = id
        self.logprob = logprob
        self.alternatives = alternatives
    }
}
