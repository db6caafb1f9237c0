/// One way of reading what was written so far: a place inside a lexeme, and what follows the lexeme.
struct GrammarThread: Hashable {
    /// The lexeme's index, or one of ``indentation`` and ``blank``.
    var lexeme: Int32
    /// State of the lexeme's automaton.
    var state: Int32
    /// Texts that a counted lexeme has had, or characters that a bounded one has; blanks that an indentation still needs.
    var count: Int32
    /// What a member's name has so far; see ``MemberNames``.
    var name: Int32
    /// Index into ``StackSets``.
    var stack: Int32
    var styles: SpaceStyles

    /// A line break and the blanks behind it. State 0 is before the line break, 1 behind it, 2 at its end.
    static let indentation: Int32 = -1
    /// One blank between two things of a line. State 0 is before it, 2 behind it.
    static let blank: Int32 = -2
}

/// How a reply may write its white space; the first use leaves one style.
struct SpaceStyles: OptionSet, Hashable {
    var rawValue: UInt8

    static let compact = SpaceStyles(rawValue: 1)
    /// A blank after commas and colons.
    static let spaced = SpaceStyles(rawValue: 2)
    /// Members and elements in lines of their own, indented by two blanks, four blanks or a tab a level.
    static let two = SpaceStyles(rawValue: 4)
    static let four = SpaceStyles(rawValue: 8)
    static let tab = SpaceStyles(rawValue: 16)
    static let indented: [SpaceStyles] = [.two, .four, .tab]
    /// A blank after commas and colons, and inside of the brackets of objects: `{ "a": [1, 2] }`.
    static let padded = SpaceStyles(rawValue: 32)
    static let all = SpaceStyles(rawValue: 63)

    /// Bytes of a level of indentation.
    var width: Int32 { self == .two ? 2 : self == .four ? 4 : 1 }
    var indent: UInt8 { self == .tab ? 0x09 : 0x20 }
}
