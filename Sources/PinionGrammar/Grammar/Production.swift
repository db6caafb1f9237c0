/// What a rule of a grammar derives, as those who translate schemas and grammars write it.
///
///     let digits = Production.lexeme(try .bytes(0x30...0x39).repeated(1))
///     let list: Production = .container(.sequence([digits, .repeated(.sequence([.comma, digits]), min: 0, max: 9)]))
package indirect enum Production: Sendable {
    /// The empty text.
    case empty
    /// Nothing at all: an alternative that cannot be taken.
    case never
    /// A text of a regular language.
    case lexeme(ByteAutomaton)
    /// Exactly one text; the same as a lexeme of it. Schemas repeat their names and marks, whose automata are then made once.
    case text([UInt8])
    /// `min` to `max` texts of a language of which no text is the beginning of another, such as the characters of a string;
    /// `max` nil is without bound. The count is no state of an automaton, so that it may be large.
    case counted(ByteAutomaton, min: Int, max: Int?)
    /// A string of a language, with the closing quote and without the opening one, that has at most `max` characters. The count is no state of an automaton, so
    /// that it may be large.
    case bounded(ByteAutomaton, CharacterCount, max: Int)
    /// The name of an object's member, quotes included, or another text that stands at most once in the same
    /// ``container(_:)``. It stands directly in a container's own production, never in a rule that the container calls.
    case memberName(ByteAutomaton)
    /// What another rule derives.
    case rule(Int)
    case sequence([Production])
    /// One of them, in no order of preference.
    case choice([Production])
    /// `max` nil is without bound.
    case repeated(Production, min: Int, max: Int?)
    case network(ProductionNetwork)
    /// What stands between the brackets of an array or object: one level deeper.
    case container(Production)
    /// A place where JSON allows white space, in the style that the whole reply keeps.
    case space(Space)

    /// Where white space stands.
    package enum Space: Sendable, Hashable {
        /// After a comma between members or elements.
        case afterComma
        /// After the colon behind a name.
        case afterColon
        /// After the opening bracket of an object that is not empty.
        case opening
        /// Before the closing bracket of an object that is not empty; outside of its ``container(_:)``.
        case closing
        /// The same of an array.
        case openingArray, closingArray
    }
}

extension Production {
    /// Exactly one text.
    package static func text(_ string: String) -> Production { .text(Array(string.utf8)) }
}
