import PinionJSON

/// Grammars in Lark's language: the common subset of what Lark and the engines that borrow its language read.
///
///     let grammar = try LarkGrammar.compile(#"""
///         start: pair ("," pair)*
///         pair: NAME "=" NUMBER
///         NAME: /[a-z]+/
///         %import common.NUMBER
///         %import common.WS
///         %ignore WS
///         """#)
///
/// - The text derives from the rule `start`. A definition begins on a line of its own and goes on until the next begins.
/// - Terminals (upper case) are regular: each becomes one automaton, with all the terminals that it uses. Look-around and
///   anchors in a terminal see that terminal's own text and nothing beside it.
/// - Ignored terminals may stand in front of every terminal and at the end, and go as far as they can (``IgnoredText``).
/// - There is no lexer. A text is in the language if some division into terminals is, so that priorities, and the order
///   in which a lexer tries terminals, have no say; lazy quantifiers mean what greedy ones mean. Write `/"[^"]*"/`, not
///   `/".*?"/`, for a string that ends at its first quotation mark.
/// - Priorities, aliases (`-> name`) and the modifiers `?` and `!` shape Lark's tree, which nobody asks for here: they are
///   read and left.
/// - Templates, `%declare`, `%extend`, `%override`, imports from anywhere but `common`, and verbose regular expressions
///   (`/…/x`) are refused by name.
package enum LarkGrammar {
    /// The rule that the whole text derives from.
    static let start = "start"

    /// - Throws: ``GrammarError`` with the line and column in its message.
    package static func compile(_ text: String) throws(GrammarError) -> Grammar {
        let (tree, ignored) = try LarkParser.parse(text)
        try tree.checkNames()
        guard let start = tree.index(of: start) else {
            throw GrammarError(.invalid, "the grammar has no rule '\(start)'")
        }
        let terminals = try LarkTerminals(tree).automata()
        let text = ignored.isEmpty ? nil : IgnoredText(ignored.compactMap { terminals[$0] })
        return try GrammarTreeCompiler.compile(tree, start: start, terminals: terminals, ignoring: text)
    }
}
