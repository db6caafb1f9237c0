/// Shows plain text in one style, wrapped between words, while it is written.
///
/// Like ``MarkdownRenderer``, without marks: for what a model thinks, and for the program's own remarks that hold names.
package struct PlainRenderer: Sendable {
    private let style: TextStyle
    private var sanitizer = TextSanitizer()
    private var flow: LineFlow

    package init(_ style: TextStyle, columns: Int, isStyled: Bool) {
        self.style = style
        flow = LineFlow(columns: columns, isStyled: isStyled)
    }

    package var columns: Int {
        get { flow.columns }
        set { flow.columns = newValue }
    }

    /// More of the text; what the terminal is to be sent for it.
    package mutating func push(_ piece: String) -> String {
        flow.write(sanitizer.push(piece), style)
        return flow.take()
    }

    /// The rest. The terminal's cursor stands at the beginning of a line afterwards.
    package mutating func finish() -> String {
        flow.write(sanitizer.finish(), style)
        if !flow.isAtStart { flow.endLine() }
        return flow.take()
    }
}
