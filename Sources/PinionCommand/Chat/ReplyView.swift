import PinionTerminal

/// Shows a reply on a terminal while it comes: thinking dimmed, text as Markdown, calls of tools as lines.
struct ReplyView {
    private enum Part { case none, thinking, text, call }

    private let isStyled: Bool
    private let showsThinking: Bool
    private let isVerbatim: Bool
    private var part = Part.none
    private var thinking: PlainRenderer
    private var markdown: MarkdownRenderer
    private var verbatim = TextSanitizer(spelling: .json)
    private var endsLine = true

    /// - Parameter isVerbatim: Whether the text is JSON and not Markdown.
    init(columns: Int, isStyled: Bool, showsThinking: Bool, isVerbatim: Bool) {
        (self.isStyled, self.showsThinking, self.isVerbatim) = (isStyled, showsThinking, isVerbatim)
        thinking = PlainRenderer(.dim, columns: columns, isStyled: isStyled)
        markdown = MarkdownRenderer(columns: columns, isStyled: isStyled)
    }

    var columns: Int {
        get { markdown.columns }
        set {
            markdown.columns = newValue
            thinking.columns = newValue
        }
    }

    /// What the terminal is to be sent for an event.
    mutating func show(_ event: ChatEvent) -> String {
        switch event {
        case .reasoning(let text):
            guard showsThinking else { return "" }
            return enter(.thinking) { $0.push("Thinking: ") } + thinking.push(text)
        case .text(let text):
            return enter(.text) + (isVerbatim ? showVerbatim(text) : markdown.push(text))
        case .call(let name):
            return finish() + enter(.call) { $0.push("→ \(TerminalText.line(name)) ") }
        case .arguments(let text):
            // Arguments of a tool that takes text may have lines; a call is one.
            return part == .call ? thinking.push(TerminalText.line(text)) : ""
        case .warning(let text):
            return finish() + thinking.push("note: \(TerminalText.line(text))") + thinking.finish()
        case .finished, .usage: return ""
        }
    }

    /// The rest of the part that is being shown. The cursor stands at the beginning of a line afterwards.
    mutating func finish() -> String {
        defer { part = .none }
        switch part {
        case .none: return ""
        case .thinking, .call: return thinking.finish()
        case .text:
            guard isVerbatim else { return markdown.finish() }
            let rest = verbatim.finish()
            let end = rest.isEmpty && endsLine ? "" : "\n"
            endsLine = true
            return rest + end
        }
    }

    private mutating func enter(_ next: Part, begin: (inout PlainRenderer) -> String = { _ in "" }) -> String {
        guard part != next else { return "" }
        let gap = part == .thinking ? "\n" : ""
        let end = finish() + gap
        part = next
        return end + begin(&thinking)
    }

    private mutating func showVerbatim(_ text: String) -> String {
        let safe = verbatim.push(text)
        if let last = safe.utf8.last { endsLine = last == 0x0A }
        return safe
    }
}
