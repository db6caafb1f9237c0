import PinionGrammar
import PinionTokenizer
import TextGeneration

/// Ends a model's thinking when it has taken its tokens: the mark that closes it is then written in the model's place.
package struct ThinkingBudget: Sendable {
    private let limit: Int
    private var opening: MarkFinder
    private var closing: MarkFinder
    private let conclusion: [Int32]
    private let vocabulary: ReplyVocabulary
    private var isThinking: Bool
    /// Whether thinking has ended, or the reply has begun without it.
    private var isOver = false
    private var spent = 0
    /// Tokens of the conclusion that were written.
    private var concluded = 0

    /// - Returns: nil where there is no bound, or the model does not think.
    init?(_ reasoning: ReasoningOptions, _ plan: ReplyPlan, _ vocabulary: ReplyVocabulary) {
        guard let thinking = plan.format?.thinking else { return nil }
        // A template may open the thinking that the request does not want.
        let budget = reasoning.isEnabled == false ? 0 : reasoning.budget
        guard let budget else { return nil }
        limit = budget
        self.vocabulary = vocabulary
        isThinking = plan.isThinking
        opening = MarkFinder(vocabulary.marks.bytes(of: thinking.open))
        closing = MarkFinder(vocabulary.marks.bytes(of: thinking.close))
        let text = budget == 0 ? String(thinking.conclusion.drop(while: \.isWhitespace)) : thinking.conclusion
        conclusion = vocabulary.marks.tokens(of: text)
    }

    /// The token that alone may come next; nil while the model is free.
    var forced: Int32? {
        guard isThinking, spent >= limit, concluded < conclusion.count else { return nil }
        return conclusion[concluded]
    }

    mutating func advance(_ token: Int32) {
        guard !isOver else { return }
        if let forced, forced == token { concluded += 1 } else if isThinking { spent += 1 }
        for byte in vocabulary.tokens.bytes(of: token) ?? [] {
            if isThinking {
                if closing.advance(byte) { isOver = true }
            } else if opening.advance(byte) {
                isThinking = true
                spent = 0
            } else if opening.matched == 0, !byte.isJSONSpace {
                // Models think in front of everything else.
                isOver = true
            }
        }
        if isOver { isThinking = false }
    }
}
