/// Something that was typed or pasted.
package enum Key: Sendable, Equatable {
    /// Printable text: a character, or a scalar that joins the one before it.
    case text(String)
    /// What stood between the marks of a bracketed paste, with line feeds as line ends.
    case paste(String)
    case enter
    /// Enter with a modifier, which begins a new line.
    case newLine
    case tab, backspace, delete, escape
    case up, down, left, right, home, end, pageUp, pageDown
    /// An arrow with Control or Alt.
    case wordLeft, wordRight
    /// A letter with Control, in lower case.
    case control(Character)
    /// A letter with Alt, as it was typed; backspace is `\u{7F}`.
    case alt(Character)
}
