package import PinionModelFiles
import PinionModels
import Synchronization

/// A running engine: the `Sendable` handle to the thread that owns model, cache and scheduler.
///
/// An engine ends when its handle is let go, or with ``shutdown()``, which returns when its memory is free.
package final class Engine: Sendable {
    /// Identifies a submitted request.
    package typealias RequestID = Int

    package let description: EngineDescription
    private let link: EngineLink
    private let nextRequest = Atomic<Int>(0)
    /// Sequences that may run and wait.
    package let maximumPending: Int

    private init(description: EngineDescription, link: EngineLink, maximumPending: Int) {
        self.description = description
        self.link = link
        self.maximumPending = maximumPending
    }

    deinit {
        link.stop()
    }

    /// Starts the engine thread, on which the model is loaded, and loaded again should the engine fail.
    ///
    /// - Throws: ``EngineError`` when the model cannot be loaded or does not fit the memory.
    package static func start(_ source: any EngineSource, _ configuration: EngineConfiguration) async throws -> Engine {
        let link = EngineLink()
        let thread = EngineThread(source: source, configuration: configuration, link: link)
        let description = try await withCheckedThrowingContinuation { ready in
            thread.start { ready.resume(with: $0) }
        }
        return Engine(
            description: description, link: link,
            maximumPending: configuration.maximumSequences + configuration.maximumWaiting)
    }

    /// The same for an open package, whose files must stay where they are.
    package static func start(_ model: ModelPackage, _ configuration: EngineConfiguration) async throws -> Engine {
        try await start(PackageSource(model), configuration)
    }

    /// Ends every sequence with `.engineStopped`, and the engine; returns when its memory is free.
    ///
    /// Requests are refused from the call on. An engine that is being rebuilt ends after that attempt. The call may be
    /// repeated, and cancelling its task does not shorten it.
    package func shutdown() async {
        link.stop()
        await link.waitForEnd()
    }

    /// Queues a request; its sinks are told everything else.
    ///
    /// - Throws: ``EngineError`` when the request can never run, or too many wait already.
    @discardableResult
    package func submit(_ request: EngineRequest) throws(EngineError) -> RequestID {
        try check(request)
        return try send(request, try reserve(request.choices.count))
    }

    /// Queues a request for whose choices there are places already.
    ///
    /// - Parameter reservation: From ``reserve(_:)``, of as many choices; used up, also when this throws.
    /// - Throws: ``EngineError`` when the request can never run, or the engine takes none now.
    @discardableResult
    package func submit(
        _ request: EngineRequest, _ reservation: consuming Reservation
    ) throws(EngineError) -> RequestID {
        try check(request)
        let places = reservation.choices
        precondition(places == request.choices.count, "\(places) places for \(request.choices.count) choices")
        precondition(reservation.isOf(link.pending), "places of another engine")
        return try send(request, reservation)
    }

    /// Counts choices whose prompt is being made as being in the engine's hands, so that no more are made than have a place.
    ///
    /// - Returns: The places, for ``submit(_:_:)``; they are free again when it is dropped.
    /// - Throws: ``EngineError`` when the engine takes no requests now, or too many wait already.
    package func reserve(_ choices: Int) throws(EngineError) -> Reservation {
        try requireReady()
        guard let reservation = Reservation(choices, of: link.pending, limit: maximumPending) else {
            throw EngineError(.overloaded, "\(maximumPending) sequences are running or waiting")
        }
        return reservation
    }

    private func check(_ request: EngineRequest) throws(EngineError) {
        let vocabulary = description.shape.vocabulary
        func check(_ isSound: Bool, _ parameter: EngineError.Parameter, _ rule: String) throws(EngineError) {
            guard isSound else { throw EngineError(.invalidRequest, rule, parameter: parameter) }
        }
        let tokenRule = "token ids are from 0 to \(vocabulary - 1)"
        try check(!request.prompt.isEmpty, .prompt, "a prompt has at least one token")
        try check(!request.choices.isEmpty, .choices, "a request has at least one choice")
        try check(request.prompt.allSatisfy { $0 >= 0 && $0 < vocabulary }, .prompt, tokenRule)
        try check(
            request.sampling.logitBias.keys.allSatisfy { $0 >= 0 && $0 < vocabulary }, .logitBias, tokenRule)
        guard request.prompt.count < description.contextLength else {
            throw EngineError(
                .promptTooLong,
                "the prompt has \(request.prompt.count) tokens, which leaves no room in a context of "
                    + "\(description.contextLength)")
        }
    }

    private func send(
        _ request: EngineRequest, _ reservation: consuming Reservation
    ) throws(EngineError) -> RequestID {
        try requireReady()
        let id = nextRequest.add(1, ordering: .relaxed).newValue
        guard link.mailbox.put(.submit(id, request)) else { throw Self.stopped }
        reservation.handOver()
        return id
    }

    private func requireReady() throws(EngineError) {
        switch link.state {
        case .ready: return
        case .loading, .failed: throw EngineError(.failed, "the engine failed and is being rebuilt")
        case .stopping, .ended: throw Self.stopped
        }
    }

    private static var stopped: EngineError { EngineError(.stopped, "the engine was told to end") }

    /// Ends what is left of a request; its sinks hear `.cancelled`. Unknown or ended requests are ignored.
    package func cancel(_ id: RequestID) {
        link.mailbox.put(.cancel(id))
    }

    package var state: EngineLife.State { link.state }

    /// Whether the engine takes requests; false while it is rebuilt after a failure.
    package var isReady: Bool { state == .ready }

    /// Sequences that are running or waiting, places that are reserved among them.
    package var pendingSequences: Int { link.pending.count }

    /// What was done so far.
    package var statistics: EngineStatistics { link.counters.statistics }
}
