import Logging
import PinionCatalog
import PinionEngine
import PinionLedger
import PinionServer
import PinionStore

/// Has everything of a level and above written to standard error. Once, before anything makes a logger.
func writeLog(from level: Logger.Level) {
    LoggingSystem.bootstrap { label in
        // Standard output is for the lines that say where the server listens.
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = level
        return handler
    }
}

/// Loads the models and serves them until SIGTERM or SIGINT.
func startServer(
    _ settings: ServeSettings, models: [ResolvedModel], keys: ServerKeys, ledger: Ledger?
) async throws {
    var server = fittedToDescriptors(settings.server)
    if let terminal = TerminalLog(settings) { server.accessLine = { terminal.print($0) } }
    let metrics = ServerMetrics(residentMemory: { ProcessMemory.resident })
    let logger = Logger(label: "pinion")
    let registry = try ModelRegistry(
        try await loadGenerators(for: models, settings: settings, metrics: metrics, logger: logger),
        aliases: settings.aliases.map { ($0.name, $0.model) })
    if let ledger { LedgerMetrics(ledger, registry: metrics.registry).publish() }
    let signIn = keys.store.map { PageSignIn(store: $0) }
    let application = try PinionApplication(
        configuration: server, models: registry, keys: keys, readiness: Readiness(.ready),
        metrics: metrics, seal: KeySeal(key: try sealingKey(settings)),
        admission: ledger.map { LedgerAdmission(ledger: $0, keys: keys) } ?? OpenAdmission(),
        administration: try administration(settings, keys, ledger), signIn: signIn,
        logger: logger
    ) { [server] port in
        Interruption.handOver()
        if !server.bindsLoopback {
            Console.notice(
                "\(server.host) is reached by others, and this server speaks no TLS: keys and texts cross the network in "
                    + "the clear unless a proxy in front of it speaks TLS")
        }
        Greeting(settings: settings, models: registry.models, keys: keys, signIn: signIn, port: port).print()
    }
    do {
        try await application.run()
        await close(ledger)
    } catch {
        await close(ledger)
        guard let failure = ServerError(listeningWith: server, failure: error) else {
            throw CommandFailure("the server ended: \(error)")
        }
        throw CommandFailure(failure.message + wayOut(of: failure.code, settings))
    }
}

/// Time in which requests that a stop has ended may still settle: a step or two of the engine. Short, because a second
/// signal has to end the process within a second.
private let settlingTime = Duration.milliseconds(450)

/// Leaves a ledger whose reports are whole without another start.
private func close(_ ledger: Ledger?) async {
    // A reader hears of the stop at once, the engine a step later: only then is it known what a request took.
    await ledger?.quiesce(within: settlingTime)
    ledger?.close()
}

/// Nil without an admin key, and on a server that asks for no keys and keeps no ledger.
private func administration(
    _ settings: ServeSettings, _ keys: ServerKeys, _ ledger: Ledger?
) throws -> ServerAdministration? {
    guard !settings.adminKeys.isEmpty, let store = keys.store, let ledger else { return nil }
    return try ServerAdministration(
        keys: settings.adminKeys, store: store, serverKeys: keys, ledger: ledger,
        usagePath: settings.dataDirectory.usagePath)
}

/// The key of the data directory. A server that asks for no keys needs no such directory, and does with a key of its own.
private func sealingKey(_ settings: ServeSettings) throws -> SealingKey {
    do {
        try settings.dataDirectory.create()
        return try SealingKey(path: settings.dataDirectory.sealingKeyPath)
    } catch {
        guard !settings.server.requiresAuthentication else { throw error }
        Console.notice("reasoning that clients keep sealed cannot be opened after a restart: \(error)")
        return SealingKey()
    }
}

/// What to start the server with instead.
private func wayOut(of code: ServerError.Code, _ settings: ServeSettings) -> String {
    switch code {
    case .portInUse: "; take another with --port, or any free one with --port 0"
    case .portForbidden: "; take one from 1024 on with --port"
    case .foreignAddress, .unknownHost:
        "; --host takes 127.0.0.1 for this machine only, 0.0.0.0 for all its addresses, or one of them"
    case .cannotListen: "; --host and --port say where to listen"
    case .duplicateModel, .unknownModel, .unauthenticatedAddress: ""
    }
}

/// The configuration with as many connections as this process may have open.
private func fittedToDescriptors(_ configuration: ServerConfiguration) -> ServerConfiguration {
    var configuration = configuration
    let descriptors = DescriptorLimit.raise()
    let wanted = configuration.limits.connections
    let connections = DescriptorLimit.connections(wanted: wanted, limit: descriptors)
    if connections < wanted {
        Console.notice(
            "at most \(connections) connections instead of \(wanted), as the system allows this process only "
                + "\(descriptors) open files; a higher hard limit (`ulimit -Hn`) allows more")
    }
    configuration.limits.connections = connections
    return configuration
}
