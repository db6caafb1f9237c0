import ArgumentParser
import Foundation

/// What is asked, by the arguments and standard input.
enum ChatInput {
    /// Nothing yet: a person writes at a terminal.
    case interactive
    /// One question.
    case question(String)

    /// Reads standard input where it is no terminal.
    ///
    /// A prompt comes first, then a blank line, then the text: `git diff | pinion run MODEL "review"`.
    ///
    /// - Throws: ``CommandFailure`` when there is nothing to ask, or nowhere to ask it.
    init(words: [String]) throws {
        let prompt = words.joined(separator: " ")
        guard isatty(STDIN_FILENO) == 1 else {
            let text = try StandardInput.text(kind: "text")
            let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? text.startIndex
            let parts = [prompt, String(text[..<end])].filter { !$0.isEmpty }
            guard !parts.isEmpty else {
                throw CommandFailure("there is nothing to ask: no PROMPT was given, and standard input is empty")
            }
            self = .question(parts.joined(separator: "\n\n"))
            return
        }
        guard prompt.isEmpty else {
            self = .question(prompt)
            return
        }
        guard isatty(STDOUT_FILENO) == 1 else {
            throw CommandFailure("there is nothing to ask: a chat needs a terminal, and a single question a PROMPT")
        }
        self = .interactive
    }
}

/// Asks one question, or talks until its user leaves.
func chat(
    with source: any ChatSource, _ input: ChatInput, _ settings: ChatSettings, _ options: ChatOptions, data: DataOptions
) async throws {
    switch input {
    case .question(let prompt):
        let shot = OneShot(
            source: source, settings: settings, prompt: prompt, isJSON: options.isJSON, isRaw: options.raw)
        do {
            try await cancelledBySignals { try await shot.run() }
        } catch let error as ClosedOutput {
            error.leave()
        }
        await source.close()
    case .interactive:
        Interruption.endWithSignals()
        let session = ChatSession(
            source: source, settings: settings, isJSON: options.isJSON, history: ChatHistory(in: data.directory))
        try await session.run()
        await session.close()
    }
}
