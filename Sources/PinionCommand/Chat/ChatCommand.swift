import ArgumentParser
import Foundation
import PinionTerminal

/// `pinion chat`: a chat with a server of Pinion's, or any other of the OpenAI API.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talk to a server in this terminal: Pinion's, or any OpenAI address.",
        discussion: """
            Without PROMPT a chat begins, in which /help lists the commands. With PROMPT, or with a text on standard \
            input, one question is asked, and standard output is the reply and nothing else: PROMPT comes first, then a \
            blank line and the text.

            The key is --api-key, else $PINION_API_KEY, else $OPENAI_API_KEY. It goes to the address alone, and to no \
            other that the server names.

            Exit codes: 0 for a reply, 1 for a failure, 130 after Ctrl-C.
            """)

    /// Variables that may hold the key, in the order in which they count.
    private static let keyVariables = ["PINION_API_KEY", "OPENAI_API_KEY"]

    @Argument(help: "What to ask.") var prompt: [String] = []
    @Option(help: ArgumentHelp("Where the server is (default: \(RemoteAddress.usual)).", valueName: "address"))
    var url: String?
    @Option(help: ArgumentHelp("Which of its models (default: the first).", valueName: "id")) var model: String?
    @Option(help: ArgumentHelp("The key (default: $PINION_API_KEY, else $OPENAI_API_KEY).", valueName: "key"))
    var apiKey: String?
    @OptionGroup var options: ChatOptions
    @OptionGroup var data: DataOptions

    func run() async throws {
        let notices = ChatNotices()
        if let apiKey, !SecretArguments.blank("--api-key", values: [apiKey]) {
            notices.show(
                "other users of this machine can read the key given with --api-key; PINION_API_KEY keeps it from them")
        }
        try options.refuseRawTerminal()
        // Before anything that takes time.
        let chatSettings = try options.settings()
        let address = try RemoteAddress(url ?? RemoteAddress.usual)
        let key = try key(ProcessInfo.processInfo.environment)
        if key != nil, address.isClear, !address.isLoopback {
            notices.show("the key goes to \(address.host) in the clear, because the address does not begin with https")
        }
        let input = try ChatInput(words: prompt)
        let model = model
        let source = try await cancelledBySignals {
            try await RemoteChatSource.connect(address, key: key, model: model)
        }
        try await chat(with: source, input, chatSettings, options, data: data)
    }

    /// - Throws: ``CommandFailure`` for a key that no header can hold. It does not repeat the key.
    private func key(_ environment: [String: String]) throws -> String? {
        let given = apiKey.map { ("--api-key", $0) }
        let found = Self.keyVariables.compactMap { name in environment[name].map { (name, $0) } }
        guard let (place, key) = given ?? found.first(where: { !$0.1.isEmpty }) else { return nil }
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CommandFailure("\(place): expected a key of letters, digits and signs, without spaces")
        }
        return key
    }
}
