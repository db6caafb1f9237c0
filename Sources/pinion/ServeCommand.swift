import ArgumentParser
import Foundation
import PinionCatalog
import PinionEngine

/// `pinion serve`: the HTTP server over one or more models.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve models over the OpenAI API.",
        discussion: """
            Without --model, a small default model is fetched once and served. On the first start a key is made and \
            shown. Settings come from flags, then from PINION_* variables (PINION_PORT, PINION_API_KEY ...), then from \
            the file that --config names.
            """)

    @Option(
        help: ArgumentHelp(
            """
            A model file, a catalog name, or ID=FILE to name it; repeat for several (default: \
            \(ModelCatalog.defaultModel.id)).
            """, valueName: "file|id"))
    var model: [String] = []

    @Option(help: "Address to listen on (default: 127.0.0.1).")
    var host: String?

    @Option(help: "Port to listen on; 0 takes a free one (default: 8080).")
    var port: String?

    @Option(
        help: ArgumentHelp(
            "Accept this key without storing it; may be repeated (default: only the stored keys).", valueName: "key"))
    var apiKey: [String] = []

    @Flag(help: "Ask for no key; only on a loopback address.")
    var noAuth = false

    @Option(
        help: ArgumentHelp(
            """
            Tokens of prompt and reply together (default: the model's own, at most \
            \(EngineConfiguration.defaultContext)).
            """, valueName: "tokens"))
    var context: String?

    @Option(
        help: ArgumentHelp(
            "Completions computed at the same time (default: \(EngineConfiguration.defaultSequences)).",
            valueName: "count"))
    var maxSequences: String?

    @Option(
        help: ArgumentHelp(
            """
            Completions that wait beyond those, before more are refused (default: \
            \(EngineConfiguration.defaultWaiting)).
            """, valueName: "count"))
    var maxWaiting: String?

    @Option(
        help: ArgumentHelp(
            "What the KV cache holds: f16, or q8 in half the memory (default: f16).", valueName: "type"))
    var kvType: String?

    @Option(help: ArgumentHelp("Threads that compute (default: one per processor).", valueName: "count"))
    var threads: String?

    @Option(
        help: ArgumentHelp(
            "Memory for weights and caches, such as 4G (default: most of what is free).", valueName: "size"))
    var memory: String?

    @Option(
        help: ArgumentHelp(
            """
            A further name the Host header may have; may be repeated (default: on a loopback address only names of \
            this machine, elsewhere any name).
            """, valueName: "name"))
    var allowedHost: [String] = []

    @Flag(help: "Ignore unknown request fields instead of refusing the request.")
    var allowUnknownFields = false

    @Option(
        help: ArgumentHelp(
            """
            trace, debug, info, notice, warning, error or critical (default: notice, and on a terminal a line for each \
            request).
            """, valueName: "level"))
    var logLevel: String?

    @OptionGroup var data: DataOptions

    @Option(
        help: ArgumentHelp(
            "A JSON file of settings, spelled like these flags (default: $PINION_CONFIG, else none).", valueName: "file"
        ))
    var config: String?

    @OptionGroup var foreign: ForeignOptions

    /// Finds wrong flags while the parser still knows how to show this command's usage.
    func validate() throws {
        do {
            _ = try settings()
        } catch let error as ValidationError {
            throw error
        } catch {
            // Not about a flag: run() meets it again, and reports it without the usage.
        }
    }

    func run() async throws {
        try foreign.refuseStrays()
        let settings = try settings()
        if !SecretArguments.blank("--api-key", values: apiKey) {
            Console.notice(
                "other users of this machine can read the key given with --api-key; "
                    + "PINION_API_KEY or `pinion keys create` keeps it from them")
        }
        settings.notices.forEach(Console.notice)
        let keys = try ServerKeys(settings: settings)
        let fetcher = ModelFetcher(directory: settings.dataDirectory, report: Console.notice)
        let models = try await cancelledBySignals {
            var models: [ResolvedModel] = []
            for reference in settings.models {
                models.append(try await ResolvedModel(reference, fetcher: fetcher))
            }
            return models
        }
        try await startServer(settings, models: models, keys: keys)
    }

    private func settings() throws -> ServeSettings {
        let environment = ProcessInfo.processInfo.environment
        let path = config ?? environment["PINION_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
        let flags: [SettingsSources.Name: [String]] = [
            .model: model, .host: list(host), .port: list(port), .apiKey: apiKey, .noAuth: noAuth ? ["true"] : [],
            .context: list(context), .maxSequences: list(maxSequences), .maxWaiting: list(maxWaiting),
            .kvType: list(kvType), .threads: list(threads), .memory: list(memory),
            .dataDirectory: list(data.path), .allowedHost: allowedHost,
            .allowUnknownFields: allowUnknownFields ? ["true"] : [], .logLevel: list(logLevel),
        ]
        return try ServeSettings(
            SettingsSources(flags: flags, environment: environment, file: try path.map(SettingsFile.init)))
    }
}
