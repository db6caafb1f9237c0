/// Guesses the next tokens of one sequence, and learns from what became of its guesses.
///
/// A guess is what followed the same tokens earlier in the sequence (Saxena, "Prompt Lookup Decoding", 2023). The longer
/// the match, the more tokens are guessed from it. Guesses that come to nothing raise the length that a match must have,
/// until a text that misleads has none; long matches, as in a text that is copied, are always tried.
package struct DraftSource: Drafting, Sendable {
    /// Drafts of one step at most. A rejected draft costs a fraction of a step, an accepted one saves a whole one.
    package static let maximumLength = 15
    /// What the required match length never rises above.
    package static let maximumRequired = PromptLookup.longest - maximumLength
    /// Drafts from a match that is just long enough; one more for each token that it is longer.
    package static let shortestGuess = 2
    /// A guess was a good one if at least one in this many drafts is accepted.
    private static let draftsPerAccepted = 2

    /// How many tokens the last guess had.
    private var proposed = 0
    private var lookup = PromptLookup()
    /// Tokens a match must have.
    package private(set) var required = PromptLookup.shortest

    package init() {}

    package mutating func propose(after text: [Int32], atMost limit: Int) -> [Int32] {
        proposed = 0
        guard limit > 0, let match = lookup.match(text), match.length >= required else { return [] }
        var drafts: [Int32] = []
        let count = min(limit, match.length - required + Self.shortestGuess, Self.maximumLength)
        for offset in 0..<count {
            // Past the end of the text the guess goes on with itself: text that repeats itself right now is periodic.
            let index = match.next + offset
            drafts.append(index < text.count ? text[index] : drafts[index - text.count])
        }
        proposed = count
        return drafts
    }

    package mutating func verified(accepted: Int) {
        if accepted == 0 {
            required = min(required + 1, Self.maximumRequired)
        } else if accepted * Self.draftsPerAccepted >= proposed {
            required = max(required / 2, PromptLookup.shortest)
        }
    }
}
