/// What happens to a generation; choices may interleave.
package enum GenerationEvent: Sendable, Equatable {
    /// Whole scalars only; may be empty when only log probabilities arrive.
    case text(choice: Int, String, [TokenReport])
    case finished(choice: Int, FinishReason)
    /// The last event.
    /// - `cachedTokens`: Tokens of the prompt that did not have to be computed.
    case usage(promptTokens: Int, completionTokens: Int, cachedTokens: Int)

    /// Whose event it is; nil for the usage of all choices together.
    var choice: Int? {
        switch self {
        case .text(let choice, _, _), .finished(let choice, _): choice
        case .usage: nil
        }
    }

    /// What it takes in memory, about.
    var bytes: Int {
        guard case .text(_, let text, let reports) = self else { return 0 }
        return text.utf8.count + reports.reduce(0) { $0 + TokenReport.Candidate.bytes * (1 + $1.alternatives.count) }
    }

    package enum FinishReason: Sendable, Equatable {
        /// An end token or a stop string.
        case stop
        /// The token limit, or the end of the context.
        case length
    }
}

/// A generated token with its log probability and those of the likeliest alternatives.
package struct TokenReport: Sendable, Equatable {
    package struct Candidate: Sendable, Equatable {
        /// The token's bytes, which need not be whole characters.
        package var bytes: [UInt8]
        package var logprob: Float

        /// Of one in memory, with its few bytes of text.
        static let bytes = 64
    }

    package var token: Candidate
    package var alternatives: [Candidate]
}
