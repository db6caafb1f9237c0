/// A regular piece of a grammar, read byte by byte; never empty.
struct Lexeme: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A text of the automaton.
        case text
        /// `min` to `max` texts of the automaton, of which none is the beginning of another.
        case counted(min: Int32, max: Int32)
        /// A text of the automaton that has at most `max` characters.
        case bounded(CharacterCount, max: Int32)
        /// A text of the automaton, which becomes a name of the container that it stands in.
        case memberName
    }

    /// Of ``Kind/counted(min:max:)`` without bound.
    static let unbounded = Int32.max

    var kind: Kind
    let automaton: ByteAutomaton
    /// Of the automaton, taken once: several tables have lexemes as keys, and an automaton's table is long.
    private let automatonHash: Int

    init(kind: Kind, automaton: ByteAutomaton) {
        self.kind = kind
        self.automaton = automaton
        automatonHash = automaton.hashValue
    }

    static func == (left: Lexeme, right: Lexeme) -> Bool {
        left.automatonHash == right.automatonHash && left.kind == right.kind && left.automaton == right.automaton
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(automatonHash)
    }
}
