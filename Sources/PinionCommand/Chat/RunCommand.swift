import ArgumentParser
import Foundation
import PinionCatalog

/// `pinion run`: a chat with a model in this process.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Talk to a model in this terminal, without a server.",
        discussion: """
            The model is fetched if it is not here yet. Without PROMPT a chat begins, in which /help lists the commands. \
            With PROMPT, or with a text on standard input, one question is asked, and standard output is the reply and \
            nothing else: PROMPT comes first, then a blank line and the text, as in
            `git diff | pinion run MODEL "review"`.

            Exit codes: 0 for a reply, 1 for a failure, 130 after Ctrl-C.
            """)

    /// Variables of `pinion serve` that are about models and not about serving them.
    private static let variables: [Setting.Name] = [
        .context, .kvType, .quantize, .chatTemplate, .toolFormat, .generationConfig, .threads, .memory, .offline,
        .dataDirectory,
    ]

    @Argument(help: "A model file or folder, an id, or hf:OWNER/REPO and its like.") var model: String
    @Argument(help: "What to ask.") var prompt: [String] = []
    @OptionGroup var options: ChatOptions
    @Option(name: .setting(.context), help: .setting(.context)) var context: String?
    @Option(name: .setting(.kvType), help: .setting(.kvType)) var kvType: String?
    @Option(name: .setting(.quantize), help: .setting(.quantize)) var quantize: String?
    @Option(name: .setting(.chatTemplate), help: .setting(.chatTemplate)) var chatTemplate: String?
    @Option(name: .setting(.toolFormat), help: .setting(.toolFormat)) var toolFormat: String?
    @Option(name: .setting(.threads), help: .setting(.threads)) var threads: String?
    @Option(name: .setting(.memory), help: .setting(.memory)) var memory: String?
    @Flag(name: .setting(.offline), help: .setting(.offline)) var offline = false
    @OptionGroup var data: DataOptions

    func run() async throws {
        try options.refuseRawTerminal()
        // Before anything that takes time.
        let chatSettings = try options.settings()
        let notices = ChatNotices()
        let loader = LocalModelLoader(
            settings: try settings(ProcessInfo.processInfo.environment), notices: notices)
        let model = model
        let resolved = try await cancelledBySignals { try await loader.resolve(model) }
        let input = try ChatInput(words: prompt)
        let source = try await loader.load(resolved)
        try await chat(with: source, input, chatSettings, options, data: data)
    }

    /// - Parameter environment: Variables by name.
    private func settings(_ environment: [String: String]) throws -> ServeSettings {
        func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
        let known = Set(Self.variables.map { Setting.of($0).variable })
        var flags: [Setting.Name: [String]] = [
            .model: [model], .maxSequences: ["1"], .context: list(context), .kvType: list(kvType),
            .quantize: list(quantize), .chatTemplate: list(chatTemplate), .toolFormat: list(toolFormat),
            .threads: list(threads), .memory: list(memory), .offline: offline ? ["true"] : [],
            .dataDirectory: list(data.path),
        ]
        let advice = Setting.of(.generationConfig).variable
        // A person at a terminal wants what the model's makers advise; a client of the API says what it wants.
        if environment[advice] == nil { flags[.generationConfig] = [GenerationAdvice.model.rawValue] }
        return try ServeSettings(
            SettingsSources(
                flags: flags,
                environment: environment.filter { !$0.key.hasPrefix("PINION_") || known.contains($0.key) },
                file: nil))
    }
}

extension ChatOptions {
    /// - Throws: For bytes that a terminal must not be sent.
    func refuseRawTerminal() throws {
        guard !raw || isatty(STDOUT_FILENO) == 0 else {
            throw CommandFailure(
                "--raw writes control characters, which a terminal obeys: send the reply to a file or pipe")
        }
    }
}
