/// Tokens that a request took, over all of its choices.
package struct Usage: Sendable, Equatable {
    /// Tokens of the prompt, counted once for all choices.
    package var promptTokens: Int
    /// Tokens of the prompt whose computation was reused; nil where the engine does not tell.
    package var cachedTokens: Int?
    /// Tokens that were sampled, end tokens included.
    package var completionTokens: Int
    /// Those of ``completionTokens`` that the model spent on thinking.
    package var reasoningTokens = 0

    package var totalTokens: Int { promptTokens &+ completionTokens }

    package init(promptTokens: Int, cachedTokens: Int? = nil, completionTokens: Int) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
    }
}

/// How a request ended and what it took until then: told once for every request, also for one that nobody waits for any
/// more, because accounting hangs on it.
package struct Outcome: Sendable, Equatable {
    package enum End: Sendable, Equatable {
        /// Every choice came to its end.
        case completed
        /// Its reader gave it up.
        case cancelled
        /// The client closed its side, or the connection broke.
        case disconnected
        /// The server stopped before the reply was complete.
        case stopped
        /// It was refused, or the engine gave it up.
        case failed(GenerationError.Code)
    }

    package var end: End
    package var usage: Usage

    package init(_ end: End, _ usage: Usage) {
        self.end = end
        self.usage = usage
    }

    /// The outcome of a request that no token was computed for.
    package static func unstarted(_ end: End) -> Outcome {
        Outcome(end, Usage(promptTokens: 0, completionTokens: 0))
    }
}
