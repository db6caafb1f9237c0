/// Lays styled text out in lines of a terminal: breaks between words, and between ideographs, which have no spaces.
///
///     var flow = LineFlow(columns: 10, isStyled: false)
///     flow.write("one two three", [])
///     flow.endLine()
///     flow.take()    // "one two\nthree\n"
///
/// A word is held until something follows it, because it decides by its length on which line it stands. It is at most
/// ``maximumWord`` bytes long, beyond which it is broken anywhere. Text must have been made safe before
/// (``TextSanitizer``): what is written here reaches the terminal as it is.
struct LineFlow: Sendable {
    /// Bytes of a word that is held.
    static let maximumWord = 1_024
    /// Cells that are left to text however deep its lines are indented.
    private static let minimumRoom = 4
    /// Punctuation that no line begins with.
    private static let closing = Set("、。，．！？；：）」』】〉》”’…％".unicodeScalars)
    /// Punctuation that no line ends with.
    private static let opening = Set("（「『【〈《“‘".unicodeScalars)

    /// Cells of a line.
    var columns: Int
    let isStyled: Bool
    /// What each line begins with.
    var prefix: [StyledText] = [] {
        didSet { prefixWidth = prefix.reduce(0) { $0 + DisplayWidth.of($1.text) } }
    }
    private(set) var prefixWidth = 0
    /// What the next line begins with instead, such as a list's marker.
    var firstPrefix: [StyledText]?

    private var output = ""
    /// Cells taken on the current line; nil before its prefix was written.
    private var column: Int?
    private var word: [StyledText] = []
    private var wordBytes = 0
    private var lastScalar: Unicode.Scalar?
    /// A space that is written if the word after it stays on the line.
    private var space: TextStyle?
    private var look: TextStyle = []

    init(columns: Int, isStyled: Bool) {
        (self.columns, self.isStyled) = (columns, isStyled)
    }

    /// Whether nothing stands on the current line yet.
    var isAtStart: Bool { column == nil && word.isEmpty }

    /// What was laid out so far, and nothing from then on.
    mutating func take() -> String {
        defer { output = "" }
        return output
    }

    /// Adds text; a newline in it ends the line.
    mutating func write(_ text: String, _ style: TextStyle) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case " ", "\t":
                endWord()
                if column != nil { space = style }
            case "\n":
                endLine()
            default:
                append(scalar, style)
            }
        }
    }

    /// Adds a text that is not broken, such as a line of code: the terminal wraps it where it must, so that it is whole
    /// when it is copied.
    mutating func writeUnbroken(_ text: String, _ style: TextStyle) {
        endWord()
        emit(StyledText(text, style))
    }

    /// Ends the line, also one that nothing stands on.
    mutating func endLine() {
        endWord()
        space = nil
        if column == nil { begin(trimsPrefix: true) }
        breakLine()
    }

    private mutating func append(_ scalar: Unicode.Scalar, _ style: TextStyle) {
        if let last = lastScalar, !word.isEmpty, mayBreak(between: last, and: scalar) { endWord() }
        if word.last?.style == style {
            word[word.count - 1].text.unicodeScalars.append(scalar)
        } else {
            word.append(StyledText(String(scalar), style))
        }
        wordBytes += UTF8.width(scalar)
        lastScalar = scalar
    }

    private func mayBreak(between last: Unicode.Scalar, and next: Unicode.Scalar) -> Bool {
        // Never within a character.
        if DisplayWidth.joinsCharacterBefore(next) || last.value == 0x200D { return false }
        if wordBytes >= Self.maximumWord { return true }
        guard DisplayWidth.isWide(last) || DisplayWidth.isWide(next) else { return false }
        return !Self.closing.contains(next) && !Self.opening.contains(last)
    }

    /// Writes the word, on the next line if it does not fit on this one.
    private mutating func endWord() {
        guard !word.isEmpty else { return }
        let width = word.reduce(0) { $0 + DisplayWidth.of($1.text) }
        if let column, column > prefixWidth, column + (space == nil ? 0 : 1) + width > limit {
            breakLine()
            space = nil
        }
        if let style = space {
            emit(StyledText(" ", style))
            space = nil
        }
        if column == nil { begin() }
        if (column ?? 0) + width <= limit {
            word.forEach { emit($0) }
        } else {
            for run in word {
                for character in run.text {
                    if (column ?? 0) + DisplayWidth.of(character) > limit { breakLine() }
                    emit(StyledText(String(character), run.style))
                }
            }
        }
        word = []
        wordBytes = 0
    }

    /// Cells that a line may take: more than there are where the prefix leaves no room.
    private var limit: Int { max(columns, prefixWidth + Self.minimumRoom) }

    /// - Parameter trimsPrefix: Whether spaces at the end of the prefix are left out, as nothing follows them.
    private mutating func begin(trimsPrefix: Bool = false) {
        column = 0
        var pieces = firstPrefix ?? prefix
        firstPrefix = nil
        while trimsPrefix, let last = pieces.last {
            let kept = String(last.text.reversed().drop { $0 == " " }.reversed())
            pieces[pieces.count - 1].text = kept
            if !kept.isEmpty { break }
            pieces.removeLast()
        }
        pieces.forEach { emit($0) }
    }

    private mutating func emit(_ piece: StyledText) {
        if column == nil { begin() }
        if isStyled, piece.style != look {
            output += piece.style.sequence
            look = piece.style
        }
        output += piece.text
        column = (column ?? 0) + DisplayWidth.of(piece.text)
    }

    /// A line ends in no style, so that nothing of it reaches what another program writes next.
    private mutating func breakLine() {
        if isStyled, !look.isEmpty { output += TextStyle([]).sequence }
        look = []
        output += "\n"
        column = nil
        lastScalar = nil
    }
}
