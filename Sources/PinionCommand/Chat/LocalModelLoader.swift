import Foundation
import Logging
import PinionCatalog
import PinionEngine
import PinionServer
import PinionTerminal

/// Resolves and loads models for chats in this process.
struct LocalModelLoader: Sendable {
    let settings: ServeSettings
    let notices: ChatNotices

    /// The model that a reference names, fetched if it has to be.
    func resolve(_ reference: String) async throws -> ResolvedModel {
        let reference = try ModelReference(reference)
        let finder = ModelFinder(
            settings.dataDirectory, isOffline: settings.isOffline, isQuiet: !notices.isShown)
        return try await finder.resolve(reference)
    }

    func load(_ model: ResolvedModel) async throws -> LocalChatSource {
        notices.begin("loading \(model.id ?? model.path)")
        defer { notices.end() }
        // A chat has no scraper for its metrics, and a log would stand between the lines of its replies.
        let logger = Logger(label: "pinion.chat") { _ in SwiftLogNoOpLogHandler() }
        let metrics = ServerMetrics(residentMemory: { ProcessMemory.resident })
        let loaded = try await loadModel(
            model, settings: settings, ledger: MemoryLedger(budget: settings.memory, engines: 1), metrics: metrics,
            logger: logger, notice: notices.show)
        return LocalChatSource(loaded, self)
    }

    /// Ids of the models that are known by name.
    var knownModels: [String] {
        let finder = ModelFinder(settings.dataDirectory, isOffline: true, isQuiet: true)
        return ModelCatalog.all.map(\.id) + finder.store.models().map(\.id)
    }
}

/// Remarks on standard error about what is being done, for people: none where that is no terminal.
struct ChatNotices: Sendable {
    let isShown: Bool

    init() {
        isShown = isatty(STDERR_FILENO) == 1
    }

    func show(_ text: String) {
        guard isShown else { return }
        end()
        Console.notice(TerminalText.line(text))
    }

    /// Shows what is being done until ``end()``.
    func begin(_ text: String) {
        guard isShown else { return }
        let line = "pinion: \(TerminalText.line(text)) ..."
        guard TerminalTraits().movesCursor else { return Console.remark(line) }
        // A line that wraps would not be taken away as a whole.
        var room = TerminalSize(of: STDERR_FILENO).columns - 1
        let shown = line.prefix { character in
            room -= DisplayWidth.of(character)
            return room >= 0
        }
        Console.errorText(String(shown))
    }

    func end() {
        guard isShown, TerminalTraits().movesCursor else { return }
        Console.errorText("\r\u{1B}[K")
    }
}
