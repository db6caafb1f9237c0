import Logging
import PinionEngine
import PinionServer

/// Loads the models and serves them until SIGTERM or SIGINT.
func startServer(_ settings: ServeSettings, models: [ResolvedModel], keys: ServerKeys) async throws {
    let level = settings.logLevel
    LoggingSystem.bootstrap { label in
        // Standard output is for the lines that say where the server listens.
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = level
        return handler
    }
    var server = fittedToDescriptors(settings.server)
    if let terminal = TerminalLog(settings) { server.accessLine = { terminal.print($0) } }
    let metrics = ServerMetrics()
    let logger = Logger(label: "pinion")
    // One budget for all models of the process.
    let memory = (settings.memory ?? MemoryPlan.standardBudget) / models.count
    var generators: [any TextGenerator] = []
    for model in models {
        generators.append(
            try await loadGenerator(for: model, settings: settings, memory: memory, metrics: metrics, logger: logger))
    }
    let registry = try ModelRegistry(generators)
    let application = try PinionApplication(
        configuration: server, models: registry, keys: keys, readiness: Readiness(.ready),
        metrics: metrics, logger: logger
    ) { [server] port in
        Interruption.handOver()
        if !server.bindsLoopback {
            Console.notice(
                "\(server.host) is reached by others, and this server speaks no TLS: keys and texts cross the network in "
                    + "the clear unless a proxy in front of it speaks TLS")
        }
        Greeting(settings: settings, models: registry.models, keys: keys, port: port).print()
    }
    do {
        try await application.run()
    } catch {
        // A failed system call describes itself as `bind(descriptor:ptr:bytes:): Address already in use (errno: 98)`.
        let text = String(describing: error)
        let reason = text.hasPrefix("bind(") ? text.split(separator: "): ", maxSplits: 1).last.map(String.init) : nil
        throw CommandFailure(
            "cannot serve on \(settings.server.host) port \(settings.server.port): \(reason ?? text)")
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
