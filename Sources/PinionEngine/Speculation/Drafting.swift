/// Guesses the next tokens of one sequence; a guess never changes what is drawn, only how many tokens a step computes.
package protocol Drafting {
    /// Guesses what follows a text.
    ///
    /// - Parameter text: What the last call was given, or a continuation of it.
    /// - Returns: At most `limit` tokens.
    mutating func propose(after text: [Int32], atMost limit: Int) -> [Int32]

    /// Takes note of how many of the last guesses were what the sampler drew.
    mutating func verified(accepted: Int)
}
