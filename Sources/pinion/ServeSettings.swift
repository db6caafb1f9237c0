import ArgumentParser
import Logging
import PinionCatalog
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
    var cacheType = KVCache.ElementType.f16
    /// Nil means one per core.
    var threads: Int?
    /// Bytes for weights and caches; nil leaves it to the engine.
    var memory: Int?
    var dataDirectory: DataDirectory
    var logLevel: Logger.Level

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
            guard let size = ByteSize(value.text) else { throw value.invalid("a size such as 512M or 4G") }
            memory = size.bytes
        }
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
}
