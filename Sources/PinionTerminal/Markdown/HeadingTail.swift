/// The end of a heading's text as far as it has come: `#` and spaces, which belong to the heading only if more follows.
struct HeadingTail {
    private var text = ""

    /// Takes more of the heading.
    ///
    /// - Returns: What is the heading's text for certain.
    mutating func push(_ more: String) -> String {
        let all = text + more
        let scalars = all.unicodeScalars
        let last = scalars.lastIndex { $0 != " " && $0 != "#" }
        let end = last.map { scalars.index(after: $0) } ?? scalars.startIndex
        text = String(scalars[end...])
        return String(scalars[..<end])
    }

    /// Ends the heading.
    ///
    /// - Returns: Marks that are text: closing ones stand behind a space.
    mutating func finish() -> String {
        defer { text = "" }
        return text.hasPrefix(" ") ? "" : text
    }
}
