import ArgumentParser
import Foundation
import PinionCatalog

/// `pinion serve`: the HTTP server over one or more models.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve models over the OpenAI API.",
        discussion: """
            Without --model, a small default model is fetched once and served. On the first start a key is made and \
            shown. Settings come from flags, then from PINION_* variables (PINION_PORT, PINION_API_KEY ...), then from \
            the file that --config names.
            """)

    // Texts, whatever the kind: `ServeSettings` reads flags, variables and files alike.
    @Option(name: .setting(.model), help: .setting(.model)) var model: [String] = []
    @Option(name: .setting(.alias), help: .setting(.alias)) var alias: [String] = []
    @Option(name: .setting(.host), help: .setting(.host)) var host: String?
    @Option(name: .setting(.port), help: .setting(.port)) var port: String?
    @Option(name: .setting(.apiKey), help: .setting(.apiKey)) var apiKey: [String] = []
    @Option(name: .setting(.adminKey), help: .setting(.adminKey)) var adminKey: [String] = []
    @Flag(name: .setting(.noAuth), help: .setting(.noAuth)) var noAuth = false
    @Option(name: .setting(.context), help: .setting(.context)) var context: String?
    @Option(name: .setting(.maxSequences), help: .setting(.maxSequences)) var maxSequences: String?
    @Option(name: .setting(.maxWaiting), help: .setting(.maxWaiting)) var maxWaiting: String?
    @Option(name: .setting(.kvType), help: .setting(.kvType)) var kvType: String?
    @Option(name: .setting(.quantize), help: .setting(.quantize)) var quantize: String?
    @Option(name: .setting(.chatTemplate), help: .setting(.chatTemplate)) var chatTemplate: [String] = []
    @Option(name: .setting(.toolFormat), help: .setting(.toolFormat)) var toolFormat: String?
    @Option(name: .setting(.generationConfig), help: .setting(.generationConfig)) var generationConfig: String?
    @Option(name: .setting(.threads), help: .setting(.threads)) var threads: String?
    @Option(name: .setting(.memory), help: .setting(.memory)) var memory: String?
    @Flag(name: .setting(.offline), help: .setting(.offline)) var offline = false
    @Option(name: .setting(.allowedHost), help: .setting(.allowedHost)) var allowedHost: [String] = []
    @Flag(name: .setting(.allowUnknownFields), help: .setting(.allowUnknownFields)) var allowUnknownFields = false
    @Option(name: .setting(.reasoningField), help: .setting(.reasoningField)) var reasoningField: String?
    @Option(name: .setting(.durability), help: .setting(.durability)) var durability: String?
    @Option(name: .setting(.timeZone), help: .setting(.timeZone)) var timeZone: String?
    @Option(name: .setting(.currency), help: .setting(.currency)) var currency: String?
    @Option(name: .setting(.logLevel), help: .setting(.logLevel)) var logLevel: String?
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
            _ = try settings(ProcessInfo.processInfo.environment)
        } catch let error as ValidationError {
            throw error
        } catch {
            // Not about a flag: run() meets it again, and reports it without the usage.
        }
    }

    func run() async throws {
        try foreign.refuseStrays()
        let settings = try settings(ProcessInfo.processInfo.environment)
        if !SecretArguments.blank("--api-key", values: apiKey) {
            Console.notice(
                "other users of this machine can read the key given with --api-key; "
                    + "PINION_API_KEY or `pinion keys create` keeps it from them")
        }
        if !SecretArguments.blank("--admin-key", values: adminKey) {
            Console.notice(
                "other users of this machine can read the key given with --admin-key; PINION_ADMIN_KEY keeps it from them"
            )
        }
        settings.notices.forEach(Console.notice)
        writeLog(from: settings.logLevel)
        let keys = try ServerKeys(settings: settings)
        // Before models are fetched and loaded, which another server of this directory would make vain.
        let ledger = try openLedger(settings)
        let finder = ModelFinder(settings.dataDirectory, isOffline: settings.isOffline)
        let models = try await cancelledBySignals {
            var models: [ResolvedModel] = []
            for reference in settings.models {
                models.append(try await finder.resolve(reference))
            }
            return models
        }
        try await startServer(settings, models: models, keys: keys, ledger: ledger)
    }

    /// - Parameter environment: Variables by name.
    func settings(_ environment: [String: String]) throws -> ServeSettings {
        let path = config ?? environment["PINION_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
        let flags: [Setting.Name: [String]] = [
            .model: model, .alias: alias, .host: list(host), .port: list(port), .apiKey: apiKey,
            .adminKey: adminKey, .noAuth: noAuth ? ["true"] : [],
            .context: list(context), .maxSequences: list(maxSequences), .maxWaiting: list(maxWaiting),
            .kvType: list(kvType), .quantize: list(quantize), .chatTemplate: chatTemplate,
            .toolFormat: list(toolFormat),
            .generationConfig: list(generationConfig), .threads: list(threads), .memory: list(memory),
            .dataDirectory: list(data.path), .offline: offline ? ["true"] : [], .allowedHost: allowedHost,
            .allowUnknownFields: allowUnknownFields ? ["true"] : [], .reasoningField: list(reasoningField),
            .durability: list(durability), .timeZone: list(timeZone), .currency: list(currency),
            .logLevel: list(logLevel),
        ]
        return try ServeSettings(
            SettingsSources(flags: flags, environment: environment, file: try path.map(SettingsFile.init)))
    }
}
