package import PinionModelFiles
import PinionModels
import Synchronization

/// A running engine: the `Sendable` handle to the thread that owns model, cache and scheduler.
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
        link.mailbox.put(.stop)
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

    /// Queues a request; its sinks are told everything else.
    ///
    /// - Throws: ``EngineError`` when the request can never run, or too many wait already.
    /// - Parameter isReserved: Whether ``reserve(_:)`` was called for its choices; then they are the caller's to release when
    ///   this throws.
    @discardableResult
    package func submit(_ request: EngineRequest, isReserved: Bool = false) throws(EngineError) -> RequestID {
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
        if isReserved { try requireReady() } else { try reserve(request.choices.count) }
        let id = nextRequest.add(1, ordering: .relaxed).newValue
        link.mailbox.put(.submit(id, request))
        return id
    }

    /// Counts choices whose prompt is being made as being in the engine's hands, so that no more are made than have a place.
    ///
    /// - Throws: ``EngineError`` when the engine is being rebuilt, or too many wait already.
    package func reserve(_ choices: Int) throws(EngineError) {
        try requireReady()
        guard link.load.reserve(choices, limit: maximumPending) else {
            throw EngineError(.overloaded, "\(maximumPending) sequences are running or waiting")
        }
    }

    private func requireReady() throws(EngineError) {
        guard isReady else { throw EngineError(.failed, "the engine failed and is being rebuilt") }
    }

    /// Gives back what was reserved and not submitted.
    package func release(_ choices: Int) {
        for _ in 0..<choices { link.load.release() }
    }

    /// Ends what is left of a request; its sinks hear `.cancelled`. Unknown or ended requests are ignored.
    package func cancel(_ id: RequestID) {
        link.mailbox.put(.cancel(id))
    }

    /// Whether the engine takes requests; false while it is rebuilt after a failure.
    package var isReady: Bool { link.isReady.load(ordering: .acquiring) }

    /// Sequences that are running or waiting.
    package var pendingSequences: Int { link.load.pending }

    /// What was done so far.
    package var statistics: EngineStatistics { link.counters.statistics }
}
