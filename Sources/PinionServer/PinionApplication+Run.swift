import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

extension PinionApplication {
    /// Time, after the grace of requests in flight, in which their error events may still leave.
    private static let farewell: Duration = .seconds(2)

    /// Serves until SIGTERM or SIGINT; see ``run(stopRequests:)``.
    package func run() async throws {
        try await run(stopRequests: UnixSignalsSequence(trapping: .sigterm, .sigint))
    }

    /// Serves until the first request to stop, and at most until the second.
    ///
    /// The first turns readiness off at once, closes the listening socket and idle connections, and gives requests in
    /// flight ``ServerConfiguration/Limits/shutdownGrace``; what is left then ends with an error. The second cancels
    /// everything at once.
    package func run<Requests: AsyncSequence & Sendable>(stopRequests: Requests) async throws
    where Requests.AsyncIterator: SendableMetatype {
        let service = StoppableService(
            application: application, readiness: readiness, stopped: stopped, grace: configuration.limits.shutdownGrace)
        var groupConfiguration = ServiceGroupConfiguration(
            services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger)
        groupConfiguration.maximumGracefulShutdownDuration = configuration.limits.shutdownGrace + Self.farewell
        let group = ServiceGroup(configuration: groupConfiguration)

        try await withThrowingTaskGroup(of: End.self) { tasks in
            tasks.addTask {
                try await group.run()
                return .served
            }
            tasks.addTask { [readiness, logger] in
                var isStopping = false
                for try await _ in stopRequests {
                    if isStopping { return .forced }
                    isStopping = true
                    logger.info("stopping")
                    readiness.become(.stopping)
                    await group.triggerGracefulShutdown()
                }
                return .noMoreRequests
            }
            defer { tasks.cancelAll() }
            while let end = try await tasks.next() {
                switch end {
                case .served: return
                case .noMoreRequests: continue
                case .forced:
                    logger.warning("stopping at once")
                    tasks.cancelAll()
                    // What cancellation makes of the requests in flight is of no interest any more.
                    while let result = await tasks.nextResult() { _ = result }
                    return
                }
            }
        }
    }

    private enum End {
        case served, forced, noMoreRequests
    }
}

/// The application, with what has to happen when it is told to stop.
private struct StoppableService: Service {
    let application: any ApplicationProtocol
    let readiness: Readiness
    let stopped: OneShotSignal
    let grace: Duration

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await application.run()
        } onGracefulShutdown: {
            readiness.become(.stopping)
            Task {
                try await Task.sleep(for: grace)
                stopped.fire()
            }
        }
    }
}
