import PinionGrammar
import PinionTokenizer
import TextGeneration

/// Ends a model's thinking when it has taken its tokens: the mark that closes it is then written in the model's place.
package struct ThinkingBudget: Sendable {
    private let limit: Int
    /// The marks as special tokens, and spelled out.
    private var opening: [MarkFinder]
    private var closing: [MarkFinder]
    /// What calls begin with, which end the thinking that they stand in.
    private var calling: [MarkFinder]
    private let conclusion: [Int32]
    private let vocabulary: ReplyVocabulary
    private var isThinking: Bool
    /// Whether thinking has ended, or the reply has begun without it.
    private var isOver = false
    private var spent = 0
    /// Tokens of the conclusion that were written.
    private var concluded = 0
    /// Bytes that the last character still wants: no mark begins within a character.
    private var missing = 0

    /// - Returns: nil where there is no bound, or the model does not think.
    init?(_ reasoning: ReasoningOptions, _ plan: ReplyPlan, _ vocabulary: ReplyVocabulary) {
        guard let thinking = plan.format?.thinking else { return nil }
        // A template may open the thinking that the request does not want.
        let budget = reasoning.isEnabled == false ? 0 : reasoning.budget
        guard let budget else { return nil }
        // A mark that ends the reply ends no thinking: with another model's format nothing can be bounded.
        let close = vocabulary.marks.bytes(of: thinking.close)
        guard !close.isEmpty else { return nil }
        limit = budget
        self.vocabulary = vocabulary
        isThinking = plan.isThinking
        opening = Self.finders(vocabulary.marks.bytes(of: thinking.open), thinking.open)
        closing = Self.finders(close, thinking.close)
        let beginnings = plan.readsCalls ? plan.format?.calls?.beginnings.map { $0.joined() } ?? [] : []
        calling = beginnings.flatMap { Self.finders(vocabulary.marks.bytes(of: $0), $0) }
        let text = budget == 0 ? String(thinking.conclusion.drop(while: \.isWhitespace)) : thinking.conclusion
        conclusion = vocabulary.marks.tokens(of: text)
    }

    private static func finders(_ mark: [UInt8], _ text: String) -> [MarkFinder] {
        let plain = Array(text.utf8)
        return (mark == plain ? [plain] : [mark, plain]).filter { !$0.isEmpty }.map(MarkFinder.init)
    }

    /// The token that alone may come next; nil while the model is free.
    var forced: Int32? {
        guard concluded < conclusion.count else { return nil }
        // What was begun is written to its end, line breaks behind the mark included.
        guard concluded > 0 || isThinking && spent >= limit && missing == 0 && !mayCall else { return nil }
        return conclusion[concluded]
    }

    /// Whether a call may have begun.
    private var mayCall: Bool { calling.contains { $0.matched > 0 } }

    mutating func advance(_ token: Int32) {
        if let forced, forced == token { concluded += 1 } else if isThinking { spent += 1 }
        guard !isOver else { return }
        for byte in vocabulary.tokens.bytes(of: token) ?? [] {
            missing = Self.missing(behind: byte, missing)
            if isThinking {
                let isClosed = Self.advance(&closing, byte)
                if Self.advance(&calling, byte) || isClosed { isOver = true }
            } else if Self.advance(&opening, byte) {
                isThinking = true
                spent = 0
            } else if opening.allSatisfy({ $0.matched == 0 }), !byte.isJSONSpace {
                // Models think in front of everything else.
                isOver = true
            }
        }
        if isOver { isThinking = false }
    }

    private static func advance(_ finders: inout [MarkFinder], _ byte: UInt8) -> Bool {
        var isFound = false
        for index in finders.indices where finders[index].advance(byte) { isFound = true }
        return isFound
    }

    /// Bytes that a character of UTF-8 wants behind a byte of it; none behind the code of a special token.
    private static func missing(behind byte: UInt8, _ missing: Int) -> Int {
        switch byte {
        case 0xC2...0xDF: 1
        case 0xE0...0xEF: 2
        case 0xF0...0xF4: 3
        case 0x80...0xBF: max(0, missing - 1)
        default: 0
        }
    }
}
