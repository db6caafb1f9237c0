import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

extension PinionApplication {
    /// Time, after the grace of requests in flight, in which their error events may still leave.
    private static let farewell: Duration = .seconds(2)
    /// Time, after everything was cancelled, in which it may end in its own way.
    private static let patience: Duration = .milliseconds(500)

    /// Serves until SIGTERM or SIGINT; see ``run(stopRequests:)``.
    package func run() async throws {
        try await run(stopRequests: UnixSignalsSequence(trapping: .sigterm, .sigint))
    }

    /// Serves until the first request to stop, and at most until the second.
    ///
    /// The first turns readiness off at once, closes the listening socket and idle connections, and gives requests in
    /// flight ``ServerConfiguration/Limits/shutdownGrace``; what is left then ends with an error. The second cancels
    /// everything at once. Work that neither stops for is left behind: this returns all the same.
    package func run<Requests: AsyncSequence & Sendable>(stopRequests: Requests) async throws
    where Requests.AsyncIterator: SendableMetatype {
        let service = StoppableService(
            application: application, readiness: readiness, stopped: stopped, grace: configuration.limits.shutdownGrace)
        var groupConfiguration = ServiceGroupConfiguration(
            services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger)
        groupConfiguration.maximumGracefulShutdownDuration = configuration.limits.shutdownGrace + Self.farewell
        let group = ServiceGroup(configuration: groupConfiguration)

        // Tasks of their own, not children: a group of tasks would wait for a child that does not stop.
        let (events, tell) = AsyncStream.makeStream(of: Event.self)
        let serving = Task { _ = tell.yield(.ended(await Self.outcome(of: { try await group.run() }))) }
        let listening = Task { for try await _ in stopRequests { tell.yield(.stopRequest) } }
        defer { listening.cancel() }
        try await withTaskCancellationHandler {
            try await handle(events, tell: tell, group: group, serving: serving)
        } onCancel: {
            serving.cancel()
        }
    }

    private func handle(
        _ events: AsyncStream<Event>, tell: AsyncStream<Event>.Continuation, group: ServiceGroup,
        serving: Task<Void, Never>
    ) async throws {
        /// Ends the wait some time after everything should have ended.
        func giveUp(after time: Duration) {
            Task {
                try? await Task.sleep(for: time + Self.patience)
                tell.yield(.overdue)
            }
        }
        var stopRequests = 0
        for await event in events {
            switch event {
            case .ended(let outcome):
                // What cancellation makes of the requests in flight is of no interest any more.
                return stopRequests > 1 ? () : try outcome.get()
            case .stopRequest:
                stopRequests += 1
                if stopRequests == 1 {
                    logger.info("stopping")
                    readiness.become(.stopping)
                    giveUp(after: configuration.limits.shutdownGrace + Self.farewell)
                    await group.triggerGracefulShutdown()
                } else if stopRequests == 2 {
                    logger.warning("stopping at once")
                    giveUp(after: .zero)
                    serving.cancel()
                }
            case .overdue:
                logger.warning("leaving work behind that does not stop")
                return
            }
        }
        // The caller was cancelled, which ends the stream of events at once and the server in its own time.
        await serving.value
    }

    private static func outcome(of work: () async throws -> Void) async -> Result<Void, any Error> {
        do {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }

    private enum Event {
        case ended(Result<Void, any Error>)
        case stopRequest
        /// The server should have ended long ago.
        case overdue
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
