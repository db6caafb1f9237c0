/// Cuts a template's source into tokens, with `trim_blocks` and `lstrip_blocks` on, as chat templates expect.
///
/// The first newline after a block or comment is dropped, and so is white space between the start of a line and a
/// block or comment; `-` strips all white space on its side, `+` strips none. One newline at the end of the source is
/// dropped.
struct Lexer {
    let source: [Unicode.Scalar]
    var offset = 0
    var tokens: [Token] = []
    /// Open brackets of the expression being read; inside them `}}` closes braces, not the expression.
    var openBrackets: [Token.Symbol] = []
    /// Whether the last thing read ended with a newline, so that the text that follows starts a line.
    private var startsLine = true
    private var located = 0
    private var line: Int32 = 1
    private var lineStart = 0

    private init(_ text: String) {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(text.utf8.count)
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\r" {
                scalars.append("\n")
            } else if !(scalar == "\n" && previous == "\r") {
                scalars.append(scalar)
            }
            previous = scalar
        }
        if scalars.last == "\n" { scalars.removeLast() }
        source = scalars
    }

    static func tokenize(_ text: String) throws(TemplateError) -> [Token] {
        var lexer = Lexer(text)
        while lexer.offset < lexer.source.count { try lexer.readText() }
        lexer.append(.end)
        return lexer.tokens
    }

    func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        let index = offset + distance
        return index < source.count ? source[index] : nil
    }

    func matches(_ text: StaticString, at index: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard index + length <= source.count else { return false }
        return text.withUTF8Buffer { bytes in
            for place in 0..<length where source[index + place].value != UInt32(bytes[place]) { return false }
            return true
        }
    }

    /// The position of a place at or after the last one asked for.
    mutating func position(at index: Int) -> SourcePosition {
        while located < index {
            if source[located] == "\n" {
                line &+= 1
                lineStart = located + 1
            }
            located += 1
        }
        return SourcePosition(line: line, column: Int32(truncatingIfNeeded: index - lineStart + 1))
    }

    mutating func append(_ kind: Token.Kind, at index: Int? = nil) {
        tokens.append(Token(kind: kind, position: position(at: index ?? offset)))
    }

    mutating func fail(_ message: String, at index: Int) -> TemplateError {
        let position = position(at: max(index, located))
        return TemplateError(
            .syntax, message, line: Int(position.line), column: Int(position.column))
    }

    mutating func skipSpace() {
        while let scalar = peek(), scalar.isPythonSpace { offset += 1 }
    }

    // MARK: - Text

    private enum Opening { case variable, block, comment }

    private func nextOpening() -> (index: Int, kind: Opening)? {
        var index = offset
        while index + 1 < source.count {
            if source[index] == "{" {
                switch source[index + 1] {
                case "{": return (index, .variable)
                case "%": return (index, .block)
                case "#": return (index, .comment)
                default: break
                }
            }
            index += 1
        }
        return nil
    }

    private mutating func readText() throws(TemplateError) {
        guard let (opening, kind) = nextOpening() else {
            appendData(offset..<source.count)
            offset = source.count
            return
        }
        let sign = opening + 2 < source.count ? source[opening + 2] : " "
        appendText(before: opening, sign: sign, stripsLine: kind != .variable)
        offset = opening + (sign == "-" || sign == "+" ? 3 : 2)
        startsLine = false
        switch kind {
        case .comment: try skipComment(from: opening)
        case .variable:
            append(.variableBegin, at: opening)
            try readExpression(endingWith: .variableEnd)
        case .block:
            if let body = rawBodyStart() {
                try readRaw(from: body, opening: opening)
            } else {
                append(.blockBegin, at: opening)
                try readExpression(endingWith: .blockEnd)
            }
        }
    }

    /// Emits the text up to `end`, stripped as the sign of the tag that follows and the line it is on demand.
    private mutating func appendText(before end: Int, sign: Unicode.Scalar, stripsLine: Bool) {
        var upper = end
        if sign == "-" {
            while upper > offset, source[upper - 1].isPythonSpace { upper -= 1 }
        } else if sign != "+", stripsLine {
            var start = end
            while start > offset, source[start - 1] != "\n" { start -= 1 }
            if start > offset || startsLine, source[start..<end].allSatisfy(\.isPythonSpace) { upper = start }
        }
        appendData(offset..<upper)
    }

    private mutating func appendData(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        append(.data(TemplateString(scalars: Array(source[range]), origin: .template)), at: range.lowerBound)
    }

    private mutating func skipComment(from opening: Int) throws(TemplateError) {
        while offset < source.count {
            if let end = closing("#}", at: offset, trimsLine: true) {
                finish(at: end)
                return
            }
            offset += 1
        }
        throw fail("missing end of comment", at: opening)
    }

    /// The end of the closing tag at `index`, with its sign and the white space it swallows.
    func closing(_ delimiter: StaticString, at index: Int, trimsLine: Bool) -> Int? {
        if source[index] == "-", matches(delimiter, at: index + 1) {
            var end = index + 3
            while end < source.count, source[end].isPythonSpace { end += 1 }
            return end
        }
        if trimsLine, source[index] == "+", matches(delimiter, at: index + 1) { return index + 3 }
        guard matches(delimiter, at: index) else { return nil }
        let end = index + 2
        return trimsLine && end < source.count && source[end] == "\n" ? end + 1 : end
    }

    /// Goes on after a closing tag that ends at `end`.
    mutating func finish(at end: Int) {
        startsLine = source[end - 1] == "\n"
        offset = end
    }

    // MARK: - Raw

    private func rawBodyStart() -> Int? {
        var index = offset
        while index < source.count, source[index].isPythonSpace { index += 1 }
        guard matches("raw", at: index) else { return nil }
        index += 3
        while index < source.count, source[index].isPythonSpace { index += 1 }
        guard index < source.count, source[index] == "-" || source[index] == "%" else { return nil }
        return closing("%}", at: index, trimsLine: false)
    }

    private mutating func readRaw(from body: Int, opening: Int) throws(TemplateError) {
        finish(at: body)
        var index = body
        while index < source.count {
            if matches("{%", at: index), let end = rawEnd(at: index) {
                appendText(before: index, sign: source[index + 2], stripsLine: true)
                finish(at: end)
                return
            }
            index += 1
        }
        throw fail("missing end of raw block", at: opening)
    }

    private func rawEnd(at opening: Int) -> Int? {
        var index = opening + 2
        if index < source.count, source[index] == "-" || source[index] == "+" { index += 1 }
        while index < source.count, source[index].isPythonSpace { index += 1 }
        guard matches("endraw", at: index) else { return nil }
        index += 6
        while index < source.count, source[index].isPythonSpace { index += 1 }
        return index < source.count ? closing("%}", at: index, trimsLine: true) : nil
    }
}
