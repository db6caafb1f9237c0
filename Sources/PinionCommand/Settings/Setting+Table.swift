import Logging
import OpenAIAPI
import PinionCatalog
import PinionEngine
import PinionGeneration
import PinionLedger
import PinionModels
import PinionServer
import PinionTensor

extension Setting {
    static let threadRange = 1...1024
    private static let server = ServerConfiguration()
    private static let logLevels = Logger.Level.allCases.map(\.rawValue)
    static let timeZoneWords = "a time zone such as UTC or Europe/Berlin"
    static let currencyWords = "3 to \(Currency.maximumLength) capital letters such as EUR"

    /// All settings, in the order in which the help and `docs/reference/configuration.md` show them.
    ///
    /// A new setting is a row here, an option of `ServeCommand`, and its use in `ServeSettings`.
    package static let table: [Setting] = [
        Setting(
            .model, .list, value: "source",
            "A model file or folder, an id, or hf:OWNER/REPO and its like; ID=SOURCE names it; repeat for several",
            default: ModelCatalog.defaultModel.id),
        Setting(
            .alias, .list, value: "name=id", "A further name of a model, for clients that know some names only",
            default: "none"),
        Setting(.host, .address, value: "host", "Address to listen on", default: server.host),
        Setting(
            .port, .integer(0...65_535), value: "port", "Port to listen on; 0 takes a free one",
            default: "\(server.port)"),
        Setting(
            .apiKey, .secrets, value: "key", "Accept this key without storing it; may be repeated",
            default: "only the stored keys"),
        Setting(
            .adminKey, .secrets, value: "key", "Key of the routes under /admin, which there are none of without one",
            default: "none"),
        Setting(.noAuth, .toggle, "Ask for no key; only on a loopback address"),
        Setting(
            .context, .integer(16...1 << 24), value: "tokens", "Tokens of prompt and reply together",
            default: "the model's own, at most \(EngineConfiguration.defaultContext)"),
        Setting(
            .maxSequences, .integer(1...1024), value: "count", "Completions computed at the same time",
            default: "\(EngineConfiguration.defaultSequences)"),
        Setting(
            .maxWaiting, .integer(1...1 << 16), value: "count",
            "Completions that wait beyond those, before more are refused",
            default: "\(EngineConfiguration.defaultWaiting)"),
        Setting(
            .kvType, .word(KVCache.ElementType.allCases.map(\.rawValue)), value: "type",
            "What the KV cache holds: f16, q8 in half the memory, or f32 in twice the memory",
            default: EngineConfiguration.defaultCacheType.rawValue),
        Setting(
            .quantize, .word(Quantisation.allCases.map(\.rawValue)), value: "type",
            "Round float weights as they are loaded: to q8_0, or to q4_0 in half the memory",
            default: "as the files have them"),
        Setting(
            .chatTemplate, .list, value: "file|name",
            "A Jinja file or the name of one of the model's templates; ID=FILE where there are several models",
            default: "the model's own"),
        Setting(
            .toolFormat, .word(ReplyFormat.all.map(\.name)), value: "format",
            "How models write calls of tools and thinking; docs/reference/tools.md lists the formats",
            default: "told from the chat template"),
        Setting(
            .generationConfig, .word(GenerationAdvice.allCases.map(\.rawValue)), value: "source",
            "Sampling defaults where a request has none: model takes those of the model's files, none leaves temperature 1",
            default: GenerationAdvice.none.rawValue),
        Setting(.threads, .integer(threadRange), value: "count", "Threads that compute", default: "one per processor"),
        Setting(
            // Less is a number whose unit was forgotten: no model fits it.
            .memory, .size(atLeast: 1 << 20), value: "size", "Memory for weights and caches, such as 4G",
            default: "most of what is free"),
        Setting(.offline, .toggle, "Fetch nothing: a model that is not here is an error"),
        Setting(
            .allowedHost, .list, value: "name", "A further name the Host header may have; may be repeated",
            default: "on a loopback address only names of this machine, elsewhere any name"),
        Setting(.allowUnknownFields, .toggle, "Ignore unknown request fields instead of refusing the request"),
        Setting(
            .reasoningField, .word(ReasoningField.allCases.map(\.rawValue)), value: "name",
            "What replies call the text that the model thought; both names are accepted back",
            default: server.reasoningField.rawValue),
        Setting(
            .durability, .word(Durability.allCases.map(\.rawValue)), value: "extent",
            "What the usage that a client was told survives: the end of the process, or a power loss",
            default: Durability.process.rawValue),
        Setting(
            .timeZone, .name(timeZoneWords), value: "name",
            "Time zone whose midnight begins the days and months of budgets",
            default: "UTC"),
        Setting(
            .currency, .name(currencyWords), value: "code",
            "What prices and costs are in; it stays as it is once something has cost anything",
            default: "that of the ledger, \(Currency.initial.code) at first"),
        Setting(
            .logLevel, .word(logLevels), value: "level",
            logLevels.dropLast().joined(separator: ", ") + " or " + logLevels[logLevels.count - 1],
            default: "\(ServeSettings.defaultLogLevel), and on a terminal a line for each request"),
        Setting(
            .dataDirectory, .path, value: "dir", "Directory of keys and models",
            default: "$PINION_DATA_DIR, $XDG_DATA_HOME/pinion or ~/.local/share/pinion"),
    ]
}
