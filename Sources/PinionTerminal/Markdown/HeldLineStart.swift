/// The beginning of a line, held until it is known what the line is.
struct HeldLineStart {
    /// Bytes that are held; longer lines are paragraphs, tables' rows too.
    private static let maximumLength = 8 << 10

    private var bytes: [UInt8] = []
    /// Whether only the line's end tells what it is.
    private var awaitsEnd = false

    var isEmpty: Bool { bytes.isEmpty }

    /// Takes more of the line.
    ///
    /// - Returns: What the line is, and its text so far; nil while that is not known.
    mutating func push(
        _ text: Substring, endsLine: Bool, in context: LineStart.Context
    ) -> (line: LineStart, text: String)? {
        bytes.append(contentsOf: text.utf8)
        if awaitsEnd, !endsLine, bytes.count <= Self.maximumLength { return nil }
        let line: LineStart
        switch LineStart.read(bytes, isComplete: endsLine, in: context) {
        case .found(let found): line = found
        case .needsMore, .needsLine:
            guard bytes.count > Self.maximumLength else {
                awaitsEnd = LineStart.read(bytes, isComplete: false, in: context) == .needsLine
                return nil
            }
            line = LineStart(
                matched: context.containers.count, opened: [], leaf: context.fence == nil ? .paragraph : .codeLine,
                consumed: 0)
        }
        defer { self = HeldLineStart() }
        return (line, String(decoding: bytes[line.consumed...], as: UTF8.self))
    }
}
