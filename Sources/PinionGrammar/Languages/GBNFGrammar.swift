/// Grammars in llama.cpp's GBNF.
///
///     let grammar = try GBNFGrammar.compile(#"""
///         root ::= ("- " item)+
///         item ::= [^\n]+ "\n"
///         """#)
///
/// Rules `name ::= …` begin on a line of their own and go on until the next one begins, so that an alternative may stand
/// on a new line with its `|` before or after the line break. Literals and classes are of Unicode scalars: `\xHH`, `\uHHHH`
/// and `\UHHHHHHHH` name a scalar, never a byte of one, `.` is every scalar, a line break included. Left recursion is fine.
/// Where llama.cpp takes the last of several definitions of a name, this is an error, as are empty classes and ranges out
/// of order. Tokens (`<think>`, `<[1000]>`) are refused: a grammar here is one of texts.
package enum GBNFGrammar {
    /// The rule that the whole text derives from.
    static let start = "root"

    /// - Throws: ``GrammarError`` with the line and column in its message.
    package static func compile(_ text: String) throws(GrammarError) -> Grammar {
        let tree = try GBNFParser.parse(text)
        try tree.checkNames()
        guard let start = tree.index(of: start) else {
            throw GrammarError(.invalid, "the grammar has no rule '\(start)'")
        }
        return try GrammarTreeCompiler.compile(tree, start: start)
    }
}
