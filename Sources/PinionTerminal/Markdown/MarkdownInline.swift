/// Reads the text of a paragraph, heading or cell: emphasis, code, links, escapes.
///
/// The text comes in pieces. What cannot change its look any more is handed out at once; what stands behind an opened
/// mark (`**`, `` ` ``, `[`) waits for its end. At most ``maximumHeld`` or ``maximumLink`` bytes wait: behind a mark that
/// is not closed by then the text goes on as it is, with the mark as a character, so that memory and time stay in
/// proportion to the text and a reader does not wait for a mark that nothing closes.
struct MarkdownInline: Sendable {
    /// Bytes that wait for the end of emphasis or code: two long lines.
    static let maximumHeld = 240
    /// Bytes that wait for the end of a link, whose address may be long.
    static let maximumLink = 1_024
    /// A part of the held bytes that has to be new before they are read again, so that a text of opened marks is not
    /// read anew for each of its bytes.
    private static let growth = 8
    /// Bytes that are added to those held before they are read.
    private static let partLength = 128

    let isStyled: Bool
    private var held: [UInt8] = []
    /// Length of ``held`` from which it is read again.
    private var nextReading = 0
    /// The last scalar that was handed out: emphasis depends on what stands before it.
    private var before: Unicode.Scalar = "\n"
    private var spacesBefore = 0

    init(isStyled: Bool) {
        self.isStyled = isStyled
    }

    /// A whole text.
    static func read(_ text: String, isStyled: Bool) -> [StyledText] {
        var inline = MarkdownInline(isStyled: isStyled)
        return inline.push(text) + inline.finish()
    }

    /// More of the text, whole scalars only.
    mutating func push(_ text: String) -> [StyledText] {
        // The usual case: letters and spaces with nothing open.
        if held.isEmpty, !text.utf8.contains(where: InlineReading.isSpecial) {
            note(text)
            return [StyledText(text)]
        }
        // In parts, because a reading of what is held may take time in the square of its length.
        var pieces: [StyledText] = []
        var rest = text.utf8[...]
        while !rest.isEmpty {
            var end = rest.index(rest.startIndex, offsetBy: Self.partLength, limitedBy: rest.endIndex) ?? rest.endIndex
            while end < rest.endIndex, rest[end] & 0xC0 == 0x80 { rest.formIndex(after: &end) }
            pieces += hold(rest[..<end])
            rest = rest[end...]
        }
        return pieces
    }

    private mutating func hold(_ part: some Sequence<UInt8>) -> [StyledText] {
        held.append(contentsOf: part)
        guard held.count >= nextReading else { return [] }
        var pieces = read(held.count, isFinal: false)
        while held.count > limit { pieces += read(cut(below: held.count / 2), isFinal: true) }
        nextReading = held.count + held.count / Self.growth
        return pieces
    }

    private var limit: Int {
        switch held.first {
        case UInt8(ascii: "["), UInt8(ascii: "!"), UInt8(ascii: "<"): Self.maximumLink
        default: Self.maximumHeld
        }
    }

    /// What waited, its unclosed marks as characters.
    mutating func finish() -> [StyledText] {
        let pieces = held.isEmpty ? [] : read(held.count, isFinal: true)
        held = []
        nextReading = 0
        before = "\n"
        spacesBefore = 0
        return pieces
    }

    private mutating func read(_ count: Int, isFinal: Bool) -> [StyledText] {
        var reading = InlineReading(
            Array(held[..<count]), before: before, spacesBefore: spacesBefore, isFinal: isFinal, isStyled: isStyled)
        let (pieces, consumed) = reading.run()
        note(String(decoding: held[..<consumed], as: UTF8.self))
        held.removeFirst(consumed)
        return pieces
    }

    /// Remembers how the text ends that was handed out.
    private mutating func note(_ text: String) {
        guard let last = text.unicodeScalars.last else { return }
        before = last
        let spaces = text.utf8.reversed().prefix { $0 == 0x20 }.count
        spacesBefore = spaces == text.utf8.count ? spacesBefore + spaces : spaces
    }

    /// Where the text may be cut: behind a space if there is one, and never within a scalar.
    private func cut(below end: Int) -> Int {
        if let space = held[..<end].lastIndex(of: UInt8(ascii: " ")), space > 0 { return space }
        var end = end
        while end < held.count, held[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}
