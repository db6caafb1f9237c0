import PinionPattern

extension GrammarTree {
    /// The automaton of the texts of a regular expression in Python's dialect.
    ///
    /// - Parameter place: Where the expression stands, for errors.
    func automaton(of node: PatternNode, at place: Int) throws(GrammarError) -> ByteAutomaton {
        do {
            return try PatternAutomaton(node, dialect: .python, isAnchored: true).spelled(.utf8)
        } catch {
            throw error.code == .cancelled ? error : text.failure(error.code, error.message, at: place)
        }
    }
}
