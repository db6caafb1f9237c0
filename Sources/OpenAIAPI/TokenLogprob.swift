/// The log probability of a generated token, and of the likeliest tokens at its place.
package struct TokenLogprob: Sendable, Equatable {
    /// One of the likeliest tokens.
    package struct Alternative: Sendable, Equatable {
        package var token: String
        /// Natural logarithm; what is not finite is written as ``TokenLogprob/floor``.
        package var logprob: Double
        /// The token's bytes, which need not be valid UTF-8; nil for a token without text.
        package var bytes: [UInt8]?

        package init(token: String, logprob: Double, bytes: [UInt8]?) {
            self.token = token
            self.logprob = logprob
            self.bytes = bytes
        }
    }

    package var token: String
    /// Natural logarithm; what is not finite is written as ``floor``.
    package var logprob: Double
    /// The token's bytes, which need not be valid UTF-8; nil for a token without text.
    package var bytes: [UInt8]?
    package var topLogprobs: [Alternative]

    /// What OpenAI writes for a token of no probability: JSON has no infinity.
    package static let floor: Double = -9999

    package init(token: String, logprob: Double, bytes: [UInt8]?, topLogprobs: [Alternative]) {
        self.token = token
        self.logprob = logprob
        self.bytes = bytes
        self.topLogprobs = topLogprobs
    }
}
