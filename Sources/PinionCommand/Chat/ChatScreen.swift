import Foundation
import PinionTerminal

/// The terminal that a chat is shown on: what is being written at its end, and remarks and replies above.
///
/// A terminal whose cursor cannot be moved shows the prompt and nothing of what is being written, which it echoes itself.
struct ChatScreen {
    private static let prompt = StyledText("> ", .bold)

    private let traits = TerminalTraits()
    private var size = TerminalSize(of: STDOUT_FILENO)
    private var editorScreen: EditorScreen
    /// Whether a sign of waiting stands on the line.
    private var showsWaiting = false
    /// Whether the terminal is gone, so that nothing can be shown any more.
    private(set) var isLost = false

    init() {
        editorScreen = EditorScreen(
            prompt: Self.prompt, columns: size.columns, lines: size.lines, isStyled: traits.isStyled)
    }

    var movesCursor: Bool { traits.movesCursor }
    /// Cells of a line.
    var columns: Int { size.columns }

    /// A view for a reply that is shown here.
    func replyView(showsThinking: Bool, isVerbatim: Bool) -> ReplyView {
        ReplyView(
            columns: size.columns, isStyled: traits.isStyled, showsThinking: showsThinking, isVerbatim: isVerbatim)
    }

    mutating func send(_ text: String) {
        guard !text.isEmpty else { return }
        do {
            try ReplyOutput.write(text)
        } catch { isLost = true }
    }

    /// Tells something beside the conversation.
    mutating func remark(_ text: String) {
        var renderer = PlainRenderer(.dim, columns: size.columns, isStyled: traits.isStyled)
        send(renderer.push(text) + renderer.finish())
    }

    /// Takes the terminal's size anew.
    mutating func measure() {
        size = TerminalSize(of: STDOUT_FILENO)
        (editorScreen.columns, editorScreen.lines) = (size.columns, size.lines)
    }

    // MARK: - What is being written

    mutating func draw(_ editor: LineEditor) {
        guard traits.movesCursor else { return }
        // The signal of a new size may come after the first key that is drawn in it.
        measure()
        send(editorScreen.draw(editor))
    }

    /// Leaves the text that was sent on the screen, without the cursor in it.
    mutating func drawLast(_ text: String) {
        guard traits.movesCursor else { return }
        var last = LineEditor()
        last.set(text)
        send(editorScreen.draw(last) + editorScreen.leave())
    }

    /// Shows an editor on a line of its own.
    mutating func showPrompt(_ editor: LineEditor) {
        if traits.movesCursor {
            editorScreen.forget()
            draw(editor)
        } else {
            send(Self.prompt.text)
        }
    }

    /// Puts the cursor below what is being written.
    mutating func leave() { send(editorScreen.leave()) }

    /// Takes what is being written from the screen.
    mutating func erase() { send(editorScreen.erase()) }

    /// Says that nothing of what was drawn is on the screen any more.
    mutating func forget() { editorScreen.forget() }

    /// Takes everything from the screen.
    mutating func clear() {
        editorScreen.forget()
        send("\u{1B}[H\u{1B}[2J")
    }

    // MARK: - Waiting

    mutating func showWaiting() {
        guard traits.movesCursor else { return }
        send(TextStyle.dim.styling("…", if: traits.isStyled))
        showsWaiting = true
    }

    mutating func hideWaiting() {
        if showsWaiting { send("\r\u{1B}[K") }
        showsWaiting = false
    }
}
