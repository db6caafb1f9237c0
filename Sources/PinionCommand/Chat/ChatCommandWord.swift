import PinionTerminal

/// What a line that begins with a slash asks for.
enum ChatCommandWord: String, CaseIterable {
    case help, model, system, set, file, save, load, undo, regenerate, clear, quit

    /// What follows the word, for the help; empty for nothing.
    var arguments: String {
        switch self {
        case .model: "[ID]"
        case .system: "[TEXT]"
        case .set: "[NAME [VALUE]]"
        case .file, .save, .load: "PATH"
        case .help, .undo, .regenerate, .clear, .quit: ""
        }
    }

    var purpose: String {
        switch self {
        case .help: "this list"
        case .model: "the models that there are, or another one from now on"
        case .system: "what the model is told first; /system none takes it away"
        case .set: "the parameters, or a value for one; default gives it back to the model"
        case .file: "attach a text file to the next message"
        case .save: "write the conversation to a new file, as JSON where it ends in .json, else as Markdown"
        case .load: "go on with a conversation that was saved as JSON"
        case .undo: "take the last message and its reply out of the conversation"
        case .regenerate: "ask again for the last reply"
        case .clear: "begin a new conversation"
        case .quit: "leave, as Ctrl-D does"
        }
    }

    /// Other words for the same.
    private static let synonyms: [String: ChatCommandWord] = [
        "exit": .quit, "bye": .quit, "q": .quit, "?": .help, "retry": .regenerate, "new": .clear, "reset": .clear,
    ]

    /// Reads a line that begins with a slash.
    ///
    /// - Throws: ``CommandFailure`` for a word that is no command, naming the nearest.
    static func read(_ line: String) throws -> (word: ChatCommandWord, rest: String) {
        let body = line.dropFirst()
        let name = String(body.prefix { !$0.isWhitespace })
        let rest = body.dropFirst(name.count).drop { $0.isWhitespace }
        let end = rest.lastIndex { !$0.isWhitespace }.map { rest.index(after: $0) } ?? rest.startIndex
        if let word = ChatCommandWord(rawValue: name.lowercased()) ?? synonyms[name.lowercased()] {
            return (word, String(rest[..<end]))
        }
        let nearest = NearestName.of(name, among: allCases.map(\.rawValue)).map { "; did you mean /\($0)?" }
        throw CommandFailure(
            "there is no command /\(TerminalText.line(name))" + (nearest ?? "; /help lists the commands")
                + " (a text that begins with a slash is sent with a space before it)")
    }
}
