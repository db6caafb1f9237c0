/// Shows Markdown in a terminal while it is written.
///
///     var renderer = MarkdownRenderer(columns: 40, isStyled: true)
///     terminal.write(renderer.push("A **bo"))    // "A "
///     terminal.write(renderer.push("ld** word")) // "bold" in bold, and what follows it
///     terminal.write(renderer.finish())
///
/// Everything goes through a ``TextSanitizer`` first. Text is handed on as soon as nothing can change its look any more,
/// which is a word later as a rule; a mark that was opened waits for its end, and a table for its last row, both within
/// named bounds. So memory is bounded, and time linear in the text. What was handed on is never drawn again.
///
/// Without styles the marks of emphasis, code, headings and quotes stay, as they say what a style would.
package struct MarkdownRenderer: Sendable {
    private enum Block: Equatable {
        case none, paragraph, code, indentedCode
        case heading(Int)
        /// A first line that is a table's if the second says so.
        case tableHeader
        case table
    }

    private let isStyled: Bool
    private var sanitizer = TextSanitizer()
    private var flow: LineFlow
    private var inline: MarkdownInline
    private var containers: [LineStart.Container] = []
    private var block = Block.none
    private var fence: LineStart.Fence?
    /// Whether the line is that of the opening fence, which has been shown as a whole.
    private var isFenceLine = false
    private var table: MarkdownTable?
    /// A table's line as far as it has come, or its header.
    private var row = ""
    private var headingTail = HeadingTail()
    private var start = HeldLineStart()
    private var isAtLineStart = true
    private var hasBlank = false
    private var hasOutput = false

    package init(columns: Int, isStyled: Bool) {
        self.isStyled = isStyled
        flow = LineFlow(columns: columns, isStyled: isStyled)
        inline = MarkdownInline(isStyled: isStyled)
    }

    /// Cells of a line; lines that were laid out stay as they are.
    package var columns: Int {
        get { flow.columns }
        set { flow.columns = newValue }
    }

    /// More of the text; what the terminal is to be sent for it.
    package mutating func push(_ piece: String) -> String {
        take(sanitizer.push(piece))
        return flow.take()
    }

    /// The rest. The terminal's cursor stands at the beginning of a line afterwards.
    package mutating func finish() -> String {
        take(sanitizer.finish())
        if isAtLineStart, !start.isEmpty {
            begin("", endsLine: true)
            endLine()
        }
        closeBlock()
        if !flow.isAtStart { flow.endLine() }
        let columns = flow.columns
        let rest = flow.take()
        self = MarkdownRenderer(columns: columns, isStyled: isStyled)
        return rest
    }

    private mutating func take(_ text: String) {
        var rest = text[...]
        while let end = rest.utf8.firstIndex(of: 0x0A) {
            take(rest[..<end], endsLine: true)
            rest = rest[rest.utf8.index(after: end)...]
        }
        if !rest.isEmpty { take(rest, endsLine: false) }
    }

    private mutating func take(_ text: Substring, endsLine: Bool) {
        if isAtLineStart {
            guard begin(text, endsLine: endsLine) else { return }
        } else {
            content(String(text))
        }
        if endsLine {
            endLine()
            isAtLineStart = true
        }
    }

    /// Takes text of a line's beginning.
    ///
    /// - Returns: Whether it is known what the line is.
    @discardableResult
    private mutating func begin(_ text: Substring, endsLine: Bool) -> Bool {
        let context = LineStart.Context(containers: containers, fence: fence, isInParagraph: block == .paragraph)
        guard let (line, rest) = start.push(text, endsLine: endsLine, in: context) else { return false }
        begin(line, rest)
        isAtLineStart = false
        return true
    }

    // MARK: - Blocks

    private mutating func begin(_ line: LineStart, _ rest: String) {
        switch line.leaf {
        case .codeLine: return content(rest)
        case .closingFence:
            if let fence { writeFence(fence, info: "") }
            fence = nil
            block = .none
            return
        case .paragraph where block == .paragraph && line.opened.isEmpty:
            // Also where a container does not go on: its paragraph does.
            write(inline.push("\n"), [])
            return content(rest)
        case .tableRow
        where (block == .table || block == .tableHeader) && line.opened.isEmpty
            && line.matched == containers.count:
            return content(rest)
        case .indentedCode where block == .indentedCode: return content(rest)
        default: break
        }
        closeBlock()
        if line.leaf == .blank, line.opened.isEmpty {
            hasBlank = hasOutput
            containers = Array(containers[..<line.matched])
            return
        }
        open(line)
        switch line.leaf {
        case .paragraph, .blank: block = .paragraph
        case .heading(let level):
            block = .heading(level)
            if !isStyled { flow.write(String(repeating: "#", count: level) + " ", []) }
        case .indentedCode: block = .indentedCode
        case .fence(let opened):
            fence = opened
            block = .code
            isFenceLine = true
            return writeFence(opened, info: opened.info)
        case .rule: writeRule()
        case .tableRow: block = .tableHeader
        case .codeLine, .closingFence: break
        }
        if line.leaf == .blank {
            // An item without content still shows its mark.
            flow.endLine()
            block = .none
        }
        content(rest)
    }

    /// Enters the line's containers, after a blank line if there was one.
    private mutating func open(_ line: LineStart) {
        let kept = Array(containers[..<line.matched])
        if hasBlank {
            let lastQuote = kept.lastIndex(of: .quote).map { $0 + 1 } ?? 0
            flow.prefix = prefix(of: Array(kept[..<lastQuote]))
            flow.firstPrefix = nil
            flow.endLine()
            hasBlank = false
        }
        containers = kept + line.opened
        flow.prefix = prefix(of: containers)
        flow.firstPrefix = line.opened.isEmpty ? nil : prefix(of: kept) + line.opened.map(mark)
        hasOutput = true
    }

    private func prefix(of containers: [LineStart.Container]) -> [StyledText] {
        containers.map { container in
            switch container {
            case .quote: mark(container)
            case .item: StyledText(String(repeating: " ", count: mark(container).text.count))
            }
        }
    }

    private func mark(_ container: LineStart.Container) -> StyledText {
        switch container {
        case .quote: StyledText(isStyled ? "│ " : "> ", .dim)
        case .item(_, let marker):
            StyledText((isStyled && marker.utf8.count == 1 ? "•" : marker) + " ", .dim)
        }
    }

    private mutating func closeBlock() {
        switch block {
        case .none: return
        case .paragraph: write(inline.finish(), [])
        case .heading: endHeading()
        case .code: fence = nil
        case .indentedCode: break
        case .tableHeader:
            // Without a second line it is text.
            write(inline.push(row), [])
            write(inline.finish(), [])
            row = ""
        case .table: showRows()
        }
        if !flow.isAtStart { flow.endLine() }
        table = nil
        block = .none
    }

    // MARK: - Content

    private mutating func content(_ text: String) {
        guard !text.isEmpty else { return }
        switch block {
        case .none: break
        case .paragraph: write(inline.push(text), [])
        case .heading: heading(text)
        case .code, .indentedCode: flow.writeUnbroken(text, .code)
        case .tableHeader, .table: row += text
        }
    }

    private mutating func endLine() {
        switch block {
        case .none, .paragraph: break
        case .heading:
            endHeading()
            flow.endLine()
            block = .none
        case .code:
            if !isFenceLine { flow.endLine() }
            isFenceLine = false
        case .indentedCode: flow.endLine()
        case .tableHeader: endTableLine()
        case .table:
            table?.add(row)
            row = ""
            if table?.isFull == true { showRows() }
        }
    }

    private mutating func endTableLine() {
        guard table == nil, let end = row.utf8.firstIndex(of: 0x0A) else {
            row += "\n"
            return
        }
        let (header, marks) = (String(row[..<end]), String(row[row.utf8.index(after: end)...]))
        row = ""
        if let table = MarkdownTable(header: header, marks: marks) {
            self.table = table
            block = .table
        } else {
            block = .paragraph
            write(inline.push(header + "\n" + marks), [])
        }
    }

    private mutating func showRows() {
        guard var shown = table else { return }
        for line in shown.show(columns: flow.columns - flow.prefixWidth, isStyled: isStyled) {
            line.forEach { flow.writeUnbroken($0.text, $0.style) }
            flow.endLine()
        }
        table = shown
    }

    private mutating func heading(_ text: String) {
        write(inline.push(headingTail.push(text)), isStyled ? .heading : [])
    }

    private mutating func endHeading() {
        let rest = headingTail.finish()
        if !rest.isEmpty { write(inline.push(rest), isStyled ? .heading : []) }
        write(inline.finish(), isStyled ? .heading : [])
    }

    private mutating func write(_ pieces: [StyledText], _ style: TextStyle) {
        for piece in pieces { flow.write(piece.text, piece.style.union(style)) }
    }

    /// Shows a fence as it is written, so that a copy of the screen is Markdown again.
    private mutating func writeFence(_ fence: LineStart.Fence, info: String) {
        let marks = String(repeating: Character(UnicodeScalar(fence.byte)), count: fence.length)
        flow.writeUnbroken(marks + info, .dim)
        flow.endLine()
    }

    private mutating func writeRule() {
        let width = flow.columns - flow.prefixWidth
        flow.writeUnbroken(isStyled ? String(repeating: "─", count: max(3, width)) : "---", .dim)
        flow.endLine()
    }
}
