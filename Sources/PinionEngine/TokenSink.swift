/// Told each token of a sequence in the step that produced it.
///
/// This is the seam to the text layer: it decides about stop strings here, synchronously, so that no token is sampled after
/// the stop (drafts beyond it may have been computed). Calls come from the engine thread, in order, and must not block.
package protocol TokenSink: Sendable {
    /// - Returns: `.stop` to end the sequence with this token.
    func accept(_ token: SampledToken) -> TokenDecision

    /// The last call for a sequence, whatever ended it.
    func finish(_ outcome: SequenceOutcome)
}

package enum TokenDecision: Sendable {
    case goOn
    case stop
}

/// How a sequence ended.
package struct SequenceOutcome: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// The model produced an end token, or the sink stopped it.
        case stop
        /// The token limit or the end of the context was reached.
        case length
        case cancelled
        /// The engine stopped before the sequence did.
        case engineStopped
        /// The engine failed; it is being rebuilt.
        case engineFailed
        /// The model's numbers for this sequence are infinite or not numbers, so that nothing can be sampled.
        case notFinite
        /// Its constraint allows no token.
        case nothingAllowed
    }

    package var reason: Reason
    /// Tokens that were sampled, an end token included.
    package var generatedTokens: Int
    /// Tokens of the prompt that were found in the cache; counted once for all choices, at the first.
    package var cachedTokens: Int
    /// Whether any of its tokens was computed; false for one that ended while it waited.
    package var isBegun: Bool

    package init(reason: Reason, generatedTokens: Int, cachedTokens: Int = 0, isBegun: Bool = true) {
        self.reason = reason
        self.generatedTokens = generatedTokens
        self.cachedTokens = cachedTokens
        self.isBegun = isBegun
    }
}
