import ArgumentParser
import Logging
import PinionCatalog
import PinionEngine
import PinionServer
import PinionTensor

/// Everything `pinion serve` was told, checked.
struct ServeSettings: Sendable {
    /// Tokens of prompt and reply together.
    static let contextRange = 16...(1 << 24)
    /// Sequences computed in one step.
    static let sequenceRange = 1...1024
    /// Sequences that wait.
    static let waitingRange = 1...(1 << 16)
    static let threadRange = 1...1024
    /// Bytes below which a budget is a number whose unit was forgotten: no model fits them.
    static let minimumMemory = 1 << 20
    /// What the log tells unless it is told otherwise.
    static let defaultLogLevel = Logger.Level.notice

    var server = ServerConfiguration()
    /// What to serve; never empty.
    var models: [ModelReference]
    /// Keys that are accepted without being stored.
    var apiKeys: [String]
    /// Nil leaves it to the model.
    var context: Int?
    /// Nil leaves it to the engine.
    var maxSequences: Int?
    /// Nil leaves it to the engine.
    var maxWaiting: Int?
    /// Nil leaves it to the engine.
    var cacheType: KVCache.ElementType?
    /// Nil means one per core.
    var threads: Int?
    /// Bytes for weights and caches; nil leaves it to the engine.
    var memory: Int?
    var dataDirectory: DataDirectory
    var logLevel: Logger.Level
    /// What the user should hear although nothing is wrong enough to refuse.
    var notices: [String]

    init(_ sources: SettingsSources) throws {
        models = try sources.value(.model)?.texts.map(ModelReference.init) ?? [.standard]
        apiKeys = sources.value(.apiKey)?.texts ?? []
        context = try sources.integer(.context, in: Self.contextRange)
        maxSequences = try sources.integer(.maxSequences, in: Self.sequenceRange)
        maxWaiting = try sources.integer(.maxWaiting, in: Self.waitingRange)
        if let value = sources.value(.kvType) {
            guard let type = KVCache.ElementType(rawValue: value.text.lowercased()) else {
                throw value.invalid("one of \(KVCache.ElementType.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            cacheType = type
        }
        threads = try sources.integer(.threads, in: Self.threadRange)
        if let value = sources.value(.memory) {
            memory = try Self.memory(value)
        }
        notices = sources.strayVariables + Self.notices(threads: threads, memory: memory)
        dataDirectory = DataDirectory(sources.value(.dataDirectory)?.text, environment: sources.environment)
        logLevel = Self.defaultLogLevel
        if let value = sources.value(.logLevel) {
            guard let level = Logger.Level(rawValue: value.text.lowercased()) else {
                let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw value.invalid("one of \(names)")
            }
            logLevel = level
        }
        if let value = sources.value(.host) {
            guard !value.text.contains(where: \.isWhitespace) else { throw value.invalid("a host name or address") }
            server.host = value.text
        }
        server.port = try sources.integer(.port, in: 0...65535) ?? server.port
        server.allowedHosts = sources.value(.allowedHost)?.texts ?? []
        server.allowsUnknownFields = try sources.flag(.allowUnknownFields)
        server.requiresAuthentication = try !sources.flag(.noAuth)
        guard server.requiresAuthentication || server.bindsLoopback else {
            throw CommandFailure(
                "--no-auth is refused on \(server.host): whoever reaches that address could use the model; "
                    + "listen on 127.0.0.1, or use a key")
        }
    }

    private static func memory(_ value: SettingsSources.Value) throws -> Int {
        guard let size = ByteSize(value.text) else { throw value.invalid("a size such as 512M or 4G") }
        guard size.bytes >= minimumMemory else {
            throw value.invalid("a size with its unit, such as 512M or 4G")
        }
        guard size.bytes <= MachineLimits.memory else {
            throw value.invalid("at most the \(ByteSize.text(MachineLimits.memory)) of memory that this machine has")
        }
        return size.bytes
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
