/// What a generation may take beyond what its request says: the limits of whoever asked.
///
/// A generator asks before it computes the prompt, and again with every token that it sampled, before the token is
/// published. Neither may block: the second is asked on the engine's thread.
package protocol TokenAllowance: Sendable {
    /// Asks for a prompt, which is known now, and the beginning of its replies.
    ///
    /// - Parameters:
    ///   - choices: Independent replies.
    ///   - limit: Tokens of each reply at most, by the request and by the context.
    /// - Returns: Tokens of each reply at most; no more than `limit`, and at least 1.
    /// - Throws: ``GenerationError`` with ``GenerationError/Code/limited``.
    func open(promptTokens: Int, choices: Int, limit: Int) throws(GenerationError) -> Int

    /// Counts a token of a reply.
    ///
    /// - Parameters:
    ///   - isReasoning: Whether it is one of the model's thoughts.
    ///   - goesOn: Whether the reply wants another one.
    /// - Returns: Whether the reply may have it; without it the reply ends here.
    func count(isReasoning: Bool, goesOn: Bool) -> Bool
}

/// An allowance without bounds.
package struct UnlimitedAllowance: TokenAllowance {
    package init() {}

    package func open(promptTokens: Int, choices: Int, limit: Int) -> Int { limit }

    package func count(isReasoning: Bool, goesOn: Bool) -> Bool { goesOn }
}
