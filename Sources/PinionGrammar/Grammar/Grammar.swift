/// Rules over lexemes: a context-free language of bytes.
///
/// Each rule is a small automaton whose edges are lexemes, calls of rules and places for white space. States of all rules
/// are numbered together. No rule is left-recursive, and from every state its rule can be ended, so that a text which the
/// matcher has let begin can always be finished.
///
///     var builder = GrammarBuilder()
///     let digits = try builder.rule("digits", .lexeme(.bytes(0x30...0x39).repeated(1)))
///     let grammar = try builder.finish(start: digits)
package struct Grammar: Sendable {
    /// What leads from one state of a rule to another.
    enum Label: Sendable, Hashable {
        /// Nothing is read.
        case empty
        /// Index into ``lexemes``.
        case lexeme(Int32)
        /// What the rule derives.
        case call(rule: Int32, isContainer: Bool)
        case space(Production.Space)
    }

    struct Edge: Sendable, Hashable {
        var label: Label
        var target: Int32
    }

    let lexemes: [Lexeme]
    /// `[states]`
    let edges: EdgeLists
    /// `[states]`: whether the rule may end there.
    let isFinal: [Bool]
    /// `[rules]`: the state that each begins in.
    let starts: [Int32]
    let start: Int32

    /// Whether the language holds the empty text.
    let acceptsEmpty: Bool

    /// States of all rules and of all their lexemes: what a schema costs.
    package var stateCount: Int { edges.count + lexemes.reduce(0) { $0 + $1.automaton.stateCount } }
}
