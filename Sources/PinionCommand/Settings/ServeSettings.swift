import Foundation
import Logging
import OpenAIAPI
import PinionCatalog
import PinionEngine
import PinionLedger
import PinionModels
import PinionServer
import PinionTensor

/// Everything `pinion serve` was told, checked.
package struct ServeSettings: Sendable {
    /// What the log tells unless it is told otherwise.
    static let defaultLogLevel = Logger.Level.notice

    var server = ServerConfiguration()
    /// What to serve; never empty.
    var models: [ModelReference]
    /// Further names of the models.
    var aliases: [ModelAlias]
    /// Keys that are accepted without being stored.
    var apiKeys: [String]
    /// Keys of the admin routes; without any there are no such routes.
    var adminKeys: [String]
    /// Nil leaves it to the model.
    var context: Int?
    /// Nil leaves it to the engine.
    var maxSequences: Int?
    /// Nil leaves it to the engine.
    var maxWaiting: Int?
    /// Nil leaves it to the engine.
    var cacheType: KVCache.ElementType?
    /// Nil leaves weights as the files have them.
    var quantisation: Quantisation?
    /// Templates given for models.
    var chatTemplates: [TemplateReference]
    /// How models write calls; nil to tell it from their templates.
    var toolFormat: String?
    /// Where sampling parameters come from that a request leaves out.
    var generationAdvice: GenerationAdvice
    /// Nil means one per core.
    var threads: Int?
    /// Bytes for weights and caches; nil leaves it to the engine.
    var memory: Int?
    var dataDirectory: DataDirectory
    /// Whether models that are not here are an error instead of being fetched.
    var isOffline: Bool
    /// What usage survives that a client was told.
    var durability: Durability
    /// Of the days and months of budgets.
    var timeZone: TimeZone
    /// What prices and costs are in; nil for what the ledger says.
    var currency: Currency?
    var logLevel: Logger.Level
    /// What the user should hear although nothing is wrong enough to refuse.
    var notices: [String]

    init(_ sources: SettingsSources) throws {
        let models = try sources.value(.model)?.texts.map(ModelReference.init) ?? [.default]
        self.models = models
        aliases = try sources.value(.alias)?.texts.map(ModelAlias.init) ?? []
        adminKeys = sources.value(.adminKey)?.texts ?? []
        apiKeys = sources.value(.apiKey)?.texts ?? []
        context = try sources.integer(.context)
        maxSequences = try sources.integer(.maxSequences)
        maxWaiting = try sources.integer(.maxWaiting)
        cacheType = try sources.word(.kvType).flatMap(KVCache.ElementType.init(rawValue:))
        quantisation = try sources.word(.quantize).flatMap(Quantisation.init(rawValue:))
        toolFormat = try sources.word(.toolFormat)
        chatTemplates = try sources.value(.chatTemplate)?.texts.map { try TemplateReference($0, for: models) } ?? []
        for (index, reference) in chatTemplates.enumerated() {
            // One model, or each template with its model.
            guard let twin = chatTemplates[..<index].first(where: { $0.model == reference.model }) else { continue }
            throw CommandFailure("--chat-template is given twice for one model: \(twin.text) and \(reference.text)")
        }
        generationAdvice = try sources.word(.generationConfig).flatMap(GenerationAdvice.init(rawValue:)) ?? .none
        threads = try sources.integer(.threads)
        memory = try sources.size(.memory)
        notices = sources.strayVariables + Self.notices(threads: threads, memory: memory)
        dataDirectory = DataDirectory(sources.value(.dataDirectory)?.text, environment: sources.environment)
        isOffline = try sources.isOn(.offline)
        durability = try sources.word(.durability).flatMap(Durability.init(rawValue:)) ?? .process
        timeZone = try sources.timeZone(.timeZone) ?? .gmt
        currency = try sources.currency(.currency)
        logLevel = try sources.word(.logLevel).flatMap(Logger.Level.init(rawValue:)) ?? Self.defaultLogLevel
        server.host = try sources.address(.host) ?? server.host
        server.port = try sources.integer(.port) ?? server.port
        server.allowedHosts = sources.value(.allowedHost)?.texts ?? []
        server.allowsUnknownFields = try sources.isOn(.allowUnknownFields)
        server.reasoningField =
            try sources.word(.reasoningField).flatMap(ReasoningField.init(rawValue:)) ?? server.reasoningField
        server.requiresAuthentication = try !sources.isOn(.noAuth)
        guard server.requiresAuthentication || server.bindsLoopback else {
            throw CommandFailure(
                "--no-auth is refused on \(server.host): whoever reaches that address could use the model; "
                    + "listen on 127.0.0.1, or use a key")
        }
    }

    /// What a machine has less of than it was asked for, without being unable to serve.
    static func notices(threads: Int?, memory: Int?) -> [String] {
        var notices: [String] = []
        let processors = MachineLimits.processors
        if let threads, threads > processors {
            notices.append(
                "\(threads) threads share \(Count.of(processors, "processor")), which is slower than one for each; "
                    + "without --threads it is \(processors)")
        }
        let free = MachineLimits.freeMemory
        if let memory, memory > free {
            notices.append("of the \(ByteSize.text(memory)) for models only \(ByteSize.text(free)) are free now")
        }
        return notices
    }
}
