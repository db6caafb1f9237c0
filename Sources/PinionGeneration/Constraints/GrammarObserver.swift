/// Told what constraints cost and save; must not block, because some of it is told on the engine's thread.
package protocol GrammarObserver: Sendable {
    /// A format was compiled, or was found wanting.
    func compiled(in time: Duration)
    /// A format was compiled already.
    func found()
    /// The tokens that a reply may go on with were found.
    func masked(in time: Duration)
    /// A reply has more tokens that its format left no choice about.
    func forced(_ tokens: Int)
    /// A reply in this format ended: with so many calls of tools, and with or without something that began as a call and
    /// was none.
    func called(_ calls: Int, isDegraded: Bool, format: String)
}

extension GrammarObserver {
    package func called(_ calls: Int, isDegraded: Bool, format: String) {}
}
