/// One reading of a paragraph's bytes, from left to right: CommonMark's rules of delimiter runs, code spans and links.
///
/// Left out are what terminals cannot show or models do not write: references, raw HTML, hard line breaks by a
/// backslash in tables. Such text stays as it is.
struct InlineReading {
    /// A piece of the result, and where it comes from.
    private struct Node {
        var text: String
        var style: TextStyle = []
        let start: Int
    }

    private struct Bracket {
        let node: Int
        let start: Int
        let isImage: Bool
        /// Delimiter runs that stood before it.
        let delimiters: Int
    }

    /// The bytes from which a reading cannot go on before more of them come.
    private static let specials = Set("\\`*_~[]!<&\n".utf8)

    private let bytes: [UInt8]
    private let before: Unicode.Scalar
    /// Spaces that the text before ended with.
    private let spacesBefore: Int
    private let isFinal: Bool
    private let isStyled: Bool
    private var position = 0
    private var nodes: [Node] = []
    private var delimiters = DelimiterStack()
    private var brackets: [Bracket] = []
    /// Ranges of bytes that emphasis or links span.
    private var spans: [Range<Int>] = []
    /// From where on nothing is decided yet.
    private var undecided: Int?

    init(_ bytes: [UInt8], before: Unicode.Scalar, spacesBefore: Int, isFinal: Bool, isStyled: Bool) {
        (self.bytes, self.before, self.spacesBefore) = (bytes, before, spacesBefore)
        (self.isFinal, self.isStyled) = (isFinal, isStyled)
    }

    static func isSpecial(_ byte: UInt8) -> Bool { specials.contains(byte) }

    /// The pieces that are decided, and how many bytes they were.
    mutating func run() -> (pieces: [StyledText], consumed: Int) {
        while position < bytes.count, undecided == nil { step() }
        joinEmphasis(from: 0)
        let end = isFinal ? bytes.count : decidedEnd()
        var pieces: [StyledText] = []
        for node in nodes where node.start < end && !node.text.isEmpty {
            if pieces.last?.style == node.style {
                pieces[pieces.count - 1].text += node.text
            } else {
                pieces.append(StyledText(node.text, node.style))
            }
        }
        return (pieces, end)
    }

    /// The end of what no later byte can change: before the first mark that may still be closed, and not within a span.
    private func decidedEnd() -> Int {
        var end = undecided ?? bytes.count
        if let bracket = brackets.first { end = min(end, bracket.start) }
        if let opening = delimiters.firstOpening { end = min(end, opening) }
        while let span = spans.first(where: { $0.lowerBound < end && end < $0.upperBound }) { end = span.lowerBound }
        return end
    }

    private mutating func step() {
        switch bytes[position] {
        case UInt8(ascii: "\\"): escape()
        case UInt8(ascii: "`"): codeSpan()
        case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"): delimiterRun()
        case UInt8(ascii: "["): openBracket(isImage: false)
        case UInt8(ascii: "!"): exclamation()
        case UInt8(ascii: "]"): closeBracket()
        case UInt8(ascii: "<"): angle()
        case UInt8(ascii: "&"): ampersand()
        case UInt8(ascii: "\n"): lineEnd()
        default: plain()
        }
    }

    // MARK: - Characters

    private mutating func add(_ text: String, to end: Int, _ style: TextStyle = []) {
        nodes.append(Node(text: text, style: style, start: position))
        position = end
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func plain() {
        let end = bytes[position...].firstIndex(where: Self.isSpecial) ?? bytes.count
        add(text(position..<end), to: end)
    }

    /// Says that more bytes are needed to go on, unless there are none to come.
    private mutating func waits() -> Bool {
        if !isFinal { undecided = position }
        return !isFinal
    }

    private mutating func escape() {
        guard position + 1 < bytes.count else {
            if !waits() { add("\\", to: position + 1) }
            return
        }
        let next = bytes[position + 1]
        if next == UInt8(ascii: "\n") {
            add("\n", to: position + 2)
        } else if Self.isPunctuation(next) {
            add(String(UnicodeScalar(next)), to: position + 2)
        } else {
            add("\\", to: position + 1)
        }
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }

    private mutating func exclamation() {
        guard position + 1 < bytes.count else {
            if !waits() { add("!", to: position + 1) }
            return
        }
        if bytes[position + 1] == UInt8(ascii: "[") {
            openBracket(isImage: true)
        } else {
            add("!", to: position + 1)
        }
    }

    /// A line's end within a paragraph is a space, and a break after two spaces.
    private mutating func lineEnd() {
        let text = bytes[..<position]
        let spaces = text.reversed().prefix { $0 == 0x20 }.count
        let isBreak = spaces + (spaces == text.count ? spacesBefore : 0) >= 2
        add(isBreak ? "\n" : " ", to: position + 1)
    }

    private mutating func ampersand() {
        switch CharacterReference.read(bytes, from: position) {
        case .found(let character, let end): add(character, to: end)
        case .incomplete: if !waits() { add("&", to: position + 1) }
        case .none: add("&", to: position + 1)
        }
    }

    // MARK: - Code

    private func runLength(at start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] == bytes[start] { end += 1 }
        return end - start
    }

    private mutating func codeSpan() {
        let length = runLength(at: position)
        let begin = position + length
        if begin == bytes.count, waits() { return }
        var search = begin
        while let next = bytes[search...].firstIndex(of: UInt8(ascii: "`")) {
            let closing = runLength(at: next)
            if next + closing == bytes.count, !isFinal { break }
            if closing == length {
                add(code(begin..<next, fence: length), to: next + closing, .code)
                return
            }
            search = next + closing
        }
        if !waits() { add(text(position..<begin), to: begin) }
    }

    /// A span's text; with its marks where no colour tells it apart.
    private func code(_ range: Range<Int>, fence: Int) -> String {
        var inside = Substring(text(range).replacing("\n", with: " "))
        if inside.utf8.count > 2, inside.hasPrefix(" "), inside.hasSuffix(" "), inside.contains(where: { $0 != " " }) {
            inside = inside.dropFirst().dropLast()
        }
        let mark = String(repeating: "`", count: fence)
        return isStyled ? String(inside) : fence > 1 ? "\(mark) \(inside) \(mark)" : mark + inside + mark
    }

    // MARK: - Emphasis

    private mutating func delimiterRun() {
        let byte = bytes[position]
        let length = runLength(at: position)
        let end = position + length
        if end == bytes.count, waits() { return }
        delimiters.append(
            DelimiterRun(
                byte: byte, node: nodes.count, start: position, length: length, after: scalar(before: position),
                before: scalar(from: end)))
        add(text(position..<end), to: end)
    }

    private func scalar(before index: Int) -> Unicode.Scalar {
        guard index > 0 else { return before }
        var start = index - 1
        while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return text(start..<index).unicodeScalars.first ?? " "
    }

    private func scalar(from index: Int) -> Unicode.Scalar {
        guard index < bytes.count else { return "\n" }
        var end = index + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return text(index..<end).unicodeScalars.first ?? " "
    }

    /// Shows the emphases that close, from a delimiter run on.
    private mutating func joinEmphasis(from first: Int) {
        for emphasis in delimiters.join(from: first) {
            spans.append(emphasis.span)
            // Without styles the marks stay.
            guard isStyled else { continue }
            for index in emphasis.opener + 1..<emphasis.closer { nodes[index].style.formUnion(emphasis.style) }
            nodes[emphasis.opener].text.removeLast(emphasis.length)
            nodes[emphasis.closer].text.removeFirst(emphasis.length)
        }
    }

    // MARK: - Links

    private mutating func openBracket(isImage: Bool) {
        brackets.append(
            Bracket(node: nodes.count, start: position, isImage: isImage, delimiters: delimiters.count))
        add(isImage ? "![" : "[", to: position + (isImage ? 2 : 1))
    }

    private mutating func closeBracket() {
        guard let bracket = brackets.last else { return add("]", to: position + 1) }
        guard position + 1 < bytes.count else {
            if !waits() { add("]", to: position + 1) }
            return
        }
        guard bytes[position + 1] == UInt8(ascii: "(") else {
            brackets.removeLast()
            return add("]", to: position + 1)
        }
        switch LinkTarget.read(bytes, from: position + 2) {
        case .incomplete where !isFinal:
            undecided = bracket.start
        case .found(let address, let end):
            brackets.removeLast()
            joinEmphasis(from: bracket.delimiters)
            delimiters.removeAll(from: bracket.delimiters)
            closeLink(bracket, address: address, end: end)
        case .incomplete, .none:
            brackets.removeLast()
            add("]", to: position + 1)
        }
    }

    /// A link's text with its address behind it, so that it is known before it is followed.
    private mutating func closeLink(_ bracket: Bracket, address: String, end: Int) {
        nodes[bracket.node].text = ""
        let label = nodes[(bracket.node + 1)...].map(\.text).joined()
        for index in bracket.node + 1..<nodes.count { nodes[index].style.formUnion(.underlined) }
        spans.append(bracket.start..<end)
        let isShown = !address.isEmpty && !address.utf8.elementsEqual(label.utf8)
        add(isShown ? (label.isEmpty ? address : " (\(address))") : "", to: end, .dim)
        // A link has no link within; an image may stand in one.
        if !bracket.isImage { brackets.removeAll { !$0.isImage } }
    }

    private mutating func angle() {
        let window = bytes[position...]
        guard let end = window.firstIndex(where: { $0 == UInt8(ascii: ">") || $0 == 0x20 || $0 == 0x0A }) else {
            if !waits() { add("<", to: position + 1) }
            return
        }
        let inside = text(position + 1..<end)
        guard bytes[end] == UInt8(ascii: ">") else { return add("<", to: position + 1) }
        let isAddress = inside.contains(":") || inside.contains("@")
        if isAddress {
            add(inside, to: end + 1, .underlined)
        } else if ["br", "br/"].contains(inside.lowercased()) {
            add("\n", to: end + 1)
        } else {
            add("<", to: position + 1)
        }
    }
}
