import Foundation
import PinionTerminal
import TextGeneration

extension ChatSession {
    /// Characters of a message that a remark repeats.
    private static let shownLength = 60
    /// Models of a list that are shown.
    private static let shownModels = 200

    /// Does what a line asks for that begins with a slash.
    func perform(_ line: String) {
        do {
            let (word, rest) = try ChatCommandWord.read(line)
            guard word.arguments.isEmpty == false || rest.isEmpty else {
                throw CommandFailure("/\(word.rawValue) takes nothing, found '\(TerminalText.line(rest))'")
            }
            try perform(word, rest)
        } catch {
            remark("\(error)")
        }
        if case .writing = activity { showPrompt() }
    }

    private func perform(_ word: ChatCommandWord, _ rest: String) throws {
        switch word {
        case .help: help()
        case .model: rest.isEmpty ? listModels() : switchModel(rest)
        case .system: setSystem(rest)
        case .set: try set(rest)
        case .file:
            let file = try FileAttachment(try path(rest, word))
            attachments.append(file)
            remark("attached \(file.summary); it goes with your next message")
        case .save:
            let path = (try path(rest, word) as NSString).expandingTildeInPath
            guard !messages.isEmpty else { throw CommandFailure("there is nothing to save yet") }
            try ChatTranscript(system: settings.system, messages: messages).save(to: path, model: source.model)
            remark("saved \(Count.of(messages.count, "message")) to \(path)")
        case .load:
            let loaded = try ChatTranscript(loading: (try path(rest, word) as NSString).expandingTildeInPath)
            (settings.system, messages) = (loaded.system, loaded.messages)
            remark("the conversation has \(Count.of(messages.count, "message")) now")
        case .undo: try undo()
        case .regenerate: try regenerate()
        case .clear:
            (messages, attachments) = ([], [])
            remark("a new conversation" + (settings.system == nil ? "" : "; the system text stays"))
        case .quit: isLeaving = true
        }
    }

    private func path(_ text: String, _ word: ChatCommandWord) throws -> String {
        guard !text.isEmpty else { throw CommandFailure("/\(word.rawValue) takes a path") }
        return text
    }

    private func help() {
        for word in ChatCommandWord.allCases {
            let arguments = word.arguments.isEmpty ? "" : " " + word.arguments
            remark("/\(word.rawValue)\(arguments): \(word.purpose)")
        }
        remark("Enter sends; Alt-Enter, or a backslash before Enter, begins a new line; Ctrl-R searches what was sent.")
        remark("Ctrl-C stops a reply, and leaves when it is pressed twice at an empty prompt.")
    }

    // MARK: - Conversation

    private func undo() throws {
        guard let index = messages.lastIndex(where: { $0.role == .user }) else {
            throw CommandFailure("there is no message to take out")
        }
        let text = messages[index].text
        messages.removeSubrange(index...)
        let shown = text.count > Self.shownLength ? text.prefix(Self.shownLength) + "…" : text[...]
        remark("taken out: \(TerminalText.line(String(shown)))")
    }

    private func regenerate() throws {
        guard messages.contains(where: { $0.role == .user }) else {
            throw CommandFailure("there is no reply to ask for again")
        }
        if messages.last?.role == .assistant { messages.removeLast() }
        ask()
    }

    private func setSystem(_ text: String) {
        switch text {
        case "": remark(settings.system.map { "system: \($0)" } ?? "no system text is set")
        case "none", "-":
            settings.system = nil
            remark("the system text is taken away")
        default:
            settings.system = text
            remark("the system text counts from the next message on")
        }
    }

    private func set(_ text: String) throws {
        guard !text.isEmpty else {
            for parameter in ChatParameter.all {
                remark("\(parameter.name) \(parameter.read(settings) ?? "default"): \(parameter.expected)")
            }
            return
        }
        let name = String(text.prefix { !$0.isWhitespace && $0 != "=" })
        let value = text.dropFirst(name.count).drop { $0.isWhitespace || $0 == "=" }
        guard let parameter = ChatParameter.named(name) else {
            let nearest = NearestName.of(name, among: ChatParameter.all.map(\.name)).map { "; did you mean \($0)?" }
            throw CommandFailure("there is no parameter \(TerminalText.line(name))" + (nearest ?? "; /set lists them"))
        }
        guard !value.isEmpty else {
            remark("\(parameter.name) \(parameter.read(settings) ?? "default"): \(parameter.expected)")
            return
        }
        let isDefault = value.lowercased() == "default"
        try parameter.set(isDefault ? nil : String(value), in: &settings, place: parameter.name)
        remark("\(parameter.name) \(parameter.read(settings) ?? "default")")
    }

    // MARK: - Models

    private func listModels() {
        let (source, signal) = (source, signal)
        activity = .working(
            Task {
                do {
                    signal.yield(.done(.models(.success(try await source.models()))))
                } catch { signal.yield(.done(.models(.failure(error)))) }
            })
    }

    private func switchModel(_ id: String) {
        let (source, signal) = (source, signal)
        remark("changing to \(TerminalText.line(id)) ...")
        activity = .working(
            Task {
                do {
                    signal.yield(.done(.model(.success(try await source.switching(to: id)))))
                } catch { signal.yield(.done(.model(.failure(error)))) }
            })
    }

    func finish(_ result: CommandResult) {
        activity = .writing
        switch result {
        case .models(.success(let ids)):
            remark("model: \(TerminalText.line(source.model))")
            for id in ids.prefix(Self.shownModels) { remark("  \(TerminalText.line(id))") }
            if ids.count > Self.shownModels { remark("  and \(ids.count - Self.shownModels) more") }
        case .model(.success(let changed)):
            source = changed
            remark("model: \(TerminalText.line(source.model)); the conversation goes on with it")
        case .model(.failure(let error as FailedSwitch)):
            source = error.source
            remark("pinion: \(error); \(TerminalText.line(source.model)) stays")
        case .models(.failure(let error)), .model(.failure(let error)):
            remark(error is CancellationError ? "stopped" : "pinion: \(error)")
        }
        showPrompt()
    }
}
