package import PinionEngine
package import PinionGrammar

/// Holds one choice to a format.
///
/// - Note: `@unchecked Sendable` is sound because the engine thread alone calls it, and the sink of the same choice, which
///   that thread calls too.
package final class GrammarConstraint: TokenConstraint, @unchecked Sendable {
    /// nil where any text is allowed.
    private let session: GrammarSession?
    private var budget: ThinkingBudget?
    private let vocabulary: ReplyVocabulary
    /// Whether the reply ends only where nothing else may follow.
    private let goesOn: Bool
    private let observer: (any GrammarObserver)?
    /// Until the first token is known.
    private var isAtBeginning = true
    /// Whether the text is complete and nothing can follow: the choice ends without an end token.
    ///
    /// The forward pass for an end token would be a whole step for nothing, and not every vocabulary has one.
    package private(set) var isComplete = false

    /// - Parameters:
    ///   - goesOn: Whether end tokens are forbidden wherever the text may go on, as `ignore_eos` asks.
    ///   - isCompact: Whether JSON has no white space.
    ///   - budget: How long the model may think; nil for any time.
    package init(
        _ grammar: CompiledGrammar?, _ vocabulary: ReplyVocabulary, goesOn: Bool = false, isCompact: Bool = false,
        budget: ThinkingBudget? = nil, observer: (any GrammarObserver)? = nil
    ) {
        session = grammar.map { GrammarSession($0, isCompact: isCompact) }
        self.budget = budget
        self.vocabulary = vocabulary
        self.goesOn = goesOn
        self.observer = observer
    }

    package func markAllowed(in mask: inout TokenMask) {
        if let next = budget?.forced {
            mask[next] = true
            return
        }
        guard session != nil else { return mask.fill(true) }
        let began = ContinuousClock.now
        mask.words.withUnsafeMutableBufferPointer { mark($0) }
        observer?.masked(in: .now - began)
    }

    package func advance(_ token: Int32) {
        budget?.advance(token)
        if isAtBeginning {
            isAtBeginning = false
            guard let beginning = vocabulary.beginning else { return take(token) }
            // A token that shows nothing leaves the grammar where it was.
            if let meaning = beginning.meaning(of: token) { take(meaning) }
        } else {
            take(token)
        }
    }

    package func forced(atMost limit: Int) -> [Int32] {
        // The first token may be another one of the same text.
        if isAtBeginning, vocabulary.beginning != nil { return [] }
        if let next = budget?.forced { return limit > 0 ? [next] : [] }
        return session?.forced(atMost: limit) ?? []
    }

    private func take(_ token: Int32) {
        guard let session else { return }
        let forced = session.forcedTokens
        session.advance(token)
        if session.forcedTokens > forced { observer?.forced(session.forcedTokens - forced) }
        isComplete = session.isFinished
    }

    /// - Parameter words: All zero; at least as many as the vocabulary has.
    private func mark(_ words: UnsafeMutableBufferPointer<UInt64>) {
        session?.markAllowed(in: words)
        if isAtBeginning { vocabulary.beginning?.adjust(words) }
        guard goesOn else { return }
        let ends = vocabulary.endWords
        guard ends.indices.contains(where: { words[$0] & ~ends[$0] != 0 }) else { return }
        for index in ends.indices { words[index] &= ~ends[index] }
    }
}
