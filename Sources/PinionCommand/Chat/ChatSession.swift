import PinionTerminal
import TextGeneration

/// A chat at a terminal: keys, replies and commands come in one stream and are taken one after the other.
final class ChatSession {
    /// Everything that the session waits for.
    enum Signal: Sendable {
        case terminal(TerminalInput.Event)
        case reply(ReplyTask.Signal)
        /// A command that took time has ended.
        case done(CommandResult)
    }

    enum CommandResult: Sendable {
        case models(Result<[String], any Error>)
        case model(Result<any ChatSource, any Error>)
    }

    /// What is going on.
    enum Activity {
        case writing
        case replying(ReplyTask, isStopped: Bool)
        case working(Task<Void, Never>)
    }

    /// Keys that are kept while a reply comes.
    private static let maximumTypedAhead = 4_096

    var source: any ChatSource
    var settings: ChatSettings
    var messages: [Message] = []
    var attachments: [FileAttachment] = []
    var activity = Activity.writing
    /// Whether the chat ends: the user left, or the terminal is gone.
    var isLeaving: Bool {
        get { hasLeft || screen.isLost }
        set { hasLeft = newValue }
    }
    let isJSON: Bool

    private let history: ChatHistory
    private var keepsHistory = true
    private var hasLeft = false
    private var decoder = KeyDecoder()
    private var editor = LineEditor()
    private var screen = ChatScreen()
    private var typedAhead: [Key] = []
    /// Whether the screen does not show what keys have changed.
    private var isChanged = false
    /// Whether the last key was Control-C without a text.
    private var mayLeave = false
    private var view: ReplyView
    private var record = ReplyRecord()
    let signals: AsyncStream<Signal>
    let signal: AsyncStream<Signal>.Continuation

    init(source: any ChatSource, settings: ChatSettings, isJSON: Bool, history: ChatHistory) {
        (self.source, self.settings, self.isJSON, self.history) = (source, settings, isJSON, history)
        view = screen.replyView(showsThinking: true, isVerbatim: false)
        (signals, signal) = AsyncStream.makeStream()
    }

    /// Talks until the user leaves or the terminal is gone.
    func run() async throws {
        do {
            editor.history = InputHistory(try history.read())
        } catch {
            keepsHistory = false
            remark("\(error)")
        }
        let signal = signal
        guard
            let input = TerminalInput(
                screen.movesCursor ? .keys : .lines, asksForPaste: screen.movesCursor,
                handler: { signal.yield(.terminal($0)) })
        else { throw CommandFailure("standard input is no terminal that can be read by keys") }
        defer { input.close() }
        remark("pinion \(PinionProgram.version) · \(TerminalText.line(source.model)) · /help lists the commands")
        showPrompt()
        for await next in signals {
            switch next {
            case .terminal(let event): take(event)
            case .reply(let signal): take(signal)
            case .done(let result): finish(result)
            }
            if isLeaving { break }
        }
        stopActivity()
        screen.leave()
    }

    func close() async { await source.close() }

    // MARK: - Terminal

    private func take(_ event: TerminalInput.Event) {
        switch event {
        case .bytes(let bytes):
            let keys = decoder.push(bytes)
            let isCut = decoder.isPasteCut && keys.contains { if case .paste = $0 { true } else { false } }
            take(keys)
            if isCut { tell("only the first \(ByteSize.text(KeyDecoder.maximumPaste)) were pasted; /file takes more") }
        case .quiet: take(decoder.timeout())
        case .resized:
            screen.measure()
            view.columns = screen.columns
            if case .writing = activity { draw() }
        case .continued:
            screen.forget()
            if case .writing = activity { draw() }
        case .ended: isLeaving = true
        }
    }

    private func take(_ keys: [Key]) {
        for key in keys {
            guard !isLeaving else { return }
            if case .writing = activity { write(key) } else { takeWhileBusy(key) }
        }
        // Once for all keys that came together, such as a paste without marks.
        if isChanged, case .writing = activity { draw() }
    }

    /// Keys during a reply: Control-C ends it, others wait for its end.
    private func takeWhileBusy(_ key: Key) {
        switch key {
        case .control("c"):
            typedAhead = []
            stopActivity()
        case .control("z"): TerminalMode.suspend()
        default: if typedAhead.count < Self.maximumTypedAhead { typedAhead.append(key) }
        }
    }

    private func write(_ key: Key) {
        let couldLeave = mayLeave
        mayLeave = false
        switch editor.take(key) {
        case .none: break
        case .refused:
            if case .paste = key {
                tell("a message holds \(ByteSize.text(LineEditor.maximumLength)) at most; /file takes more")
            }
        case .changed: isChanged = true
        case .submitted(let text):
            isChanged = false
            screen.drawLast(text)
            submit(text)
        case .interrupted(let hadText):
            screen.leave()
            if hadText || !couldLeave {
                if !hadText { remark("Ctrl-C again or Ctrl-D leaves") }
                mayLeave = !hadText
                showPrompt()
            } else {
                isLeaving = true
            }
        case .ended: isLeaving = true
        case .suspended:
            screen.leave()
            TerminalMode.suspend()
        case .cleared:
            screen.clear()
            draw()
        }
    }

    private func draw() {
        isChanged = false
        screen.draw(editor)
    }

    func showPrompt() {
        guard !isLeaving else { return }
        isChanged = false
        screen.showPrompt(editor)
        let keys = typedAhead
        typedAhead = []
        take(keys)
    }

    /// Tells something beside the conversation.
    func remark(_ text: String) { screen.remark(text) }

    /// Tells something while a message is being written, which is shown again below.
    private func tell(_ text: String) {
        guard case .writing = activity else { return }
        screen.erase()
        remark(text)
        draw()
    }

    // MARK: - Replies

    private func submit(_ text: String) {
        guard text.contains(where: { !$0.isWhitespace }) else { return showPrompt() }
        if editor.history.add(text), keepsHistory {
            do {
                try history.add(text)
            } catch {
                keepsHistory = false
                remark("\(error)")
            }
        }
        guard !text.hasPrefix("/") else { return perform(text) }
        messages.append(Message(.user, FileAttachment.message(text, with: attachments)))
        attachments = []
        ask()
    }

    /// Asks for a reply to the last message.
    func ask() {
        record = ReplyRecord()
        view = screen.replyView(showsThinking: settings.showsThinking, isVerbatim: isJSON)
        screen.showWaiting()
        let signal = signal
        let task = ReplyTask(source, settings.request(messages)) { signal.yield(.reply($0)) }
        activity = .replying(task, isStopped: false)
    }

    private func take(_ signal: ReplyTask.Signal) {
        switch signal {
        case .event(let event):
            record.note(event)
            let shown = view.show(event)
            if !shown.isEmpty { screen.hideWaiting() }
            screen.send(shown)
        case .ended(let failure):
            screen.hideWaiting()
            screen.send(view.finish())
            endReply(failure)
        }
    }

    private func endReply(_ failure: (any Error)?) {
        var isStopped = false
        if case .replying(_, let stopped) = activity { isStopped = stopped }
        activity = .writing
        // A reply that came to its end just before it was stopped has stopped by itself.
        let isCancelled = failure is CancellationError
        if !record.isEmpty {
            messages.append(Message(.assistant, record.text))
            let summary = ReplySummary(
                record: record, contextLength: source.contextLength, isStopped: isStopped && isCancelled)
            remark(summary.text)
            if record.calls > 0 { remark("the call was shown and not run: this chat has no tools") }
            if record.finish == .contextEnd { remark(Self.contextAdvice) }
        } else if failure == nil {
            messages.append(Message(.assistant, ""))
            remark("the reply is empty")
        }
        if let failure, !isCancelled { explain(failure) }
        if record.isEmpty, failure != nil { takeBack() }
        screen.send("\n")
        showPrompt()
    }

    private func explain(_ failure: any Error) {
        remark("pinion: \(failure)")
        guard let error = failure as? ChatError else { return }
        switch error.code {
        case .contextFull: remark(Self.contextAdvice)
        case .lost:
            if !record.isEmpty { remark("the reply is kept as far as it came; /regenerate asks again") }
        case .other: break
        }
    }

    private static let contextAdvice =
        "nothing was left out of the conversation: /undo takes the last exchange out of it, /clear begins a new one, and "
        + "a model that is started with a larger --context remembers more"

    /// Takes a message back that has no reply, so that the conversation is one of pairs.
    private func takeBack() {
        guard messages.last?.role == .user else { return }
        messages.removeLast()
        remark("there is no reply, so that your message is not part of the conversation; the arrow up brings it back")
    }

    private func stopActivity() {
        switch activity {
        case .writing: break
        case .replying(let task, _):
            task.cancel()
            activity = .replying(task, isStopped: true)
        case .working(let task): task.cancel()
        }
    }
}
