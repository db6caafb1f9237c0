import Foundation

/// The thread of an engine: runs its loop, and rebuilds it when it failed.
///
/// Not a task: an engine never gives its thread back, and would starve the cooperative pool.
struct EngineThread: Sendable {
    private static let stackBytes = 4 << 20
    /// Time before the engine is rebuilt; each time that fails, twice as long, up to the longest.
    private static let shortestPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(30)

    let source: any EngineSource
    let configuration: EngineConfiguration
    let link: EngineLink

    /// - Parameter ready: Told once, whether the engine could be made.
    func start(ready: @escaping @Sendable (Result<EngineDescription, any Error>) -> Void) {
        let thread = Thread {
            do {
                try live { ready(.success($0)) }
                link.record(.ended)
            } catch {
                link.record(.ended)
                ready(.failure(error))
            }
        }
        thread.name = "pinion-engine"
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Makes an engine, and again each time that it fails, until it is told to stop; all its memory is free when this
    /// returns.
    ///
    /// - Parameter made: Told once, when the engine is there.
    /// - Throws: What kept the engine from being made the first time.
    private func live(made: (EngineDescription) -> Void) throws(EngineError) {
        // Held while the engine is rebuilt, so that no other takes the memory meanwhile.
        let account = configuration.ledger.open()
        defer { account.close() }
        let description = try run(account) { description throws(EngineError) in
            link.record(.loaded)
            made(description)
        }
        guard let description else { return }
        rebuild(as: description, account)
    }

    /// Makes an engine and runs it until it fails or is to stop; it is gone, with all its memory, when this returns.
    ///
    /// - Parameter made: Told when it is there; may refuse it.
    /// - Returns: What the engine was that failed; nil when it was told to stop.
    /// - Throws: What kept it from being made.
    private func run(
        _ account: MemoryLedger.Account, made: (EngineDescription) throws(EngineError) -> Void
    ) throws(EngineError) -> EngineDescription? {
        let loop = try EngineLoop(source, configuration, account, link)
        try made(loop.description)
        do {
            try loop.run()
            return nil
        } catch {
            link.record(.failed)
            loop.endAll(.engineFailed)
            configuration.observer?.failed(error)
            return loop.description
        }
    }

    /// Makes an engine again each time that one fails, until it is told to stop.
    private func rebuild(as description: EngineDescription, _ account: MemoryLedger.Account) {
        var pause = Self.shortestPause
        while refuse(until: .now + pause) {
            do {
                let failed = try run(account) { made throws(EngineError) in
                    guard made.digest == description.digest else {
                        throw EngineError(.load, "the model is not the one that was loaded before; restart the server")
                    }
                    pause = Self.shortestPause
                    if link.record(.loaded) == .ready { configuration.observer?.recovered() }
                }
                if failed == nil { return }
            } catch {
                link.record(.failed)
                configuration.observer?.failed(error)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Ends the requests that come until a time.
    ///
    /// - Returns: false when the engine is to stop.
    private func refuse(until time: ContinuousClock.Instant) -> Bool {
        repeat {
            let (commands, isClosed) = link.mailbox.take(.until(time))
            for case .submit(_, let request) in commands {
                link.pending.remove(request.choices.count)
                for choice in request.choices {
                    choice.sink.finish(
                        SequenceOutcome(
                            reason: isClosed ? .engineStopped : .engineFailed, generatedTokens: 0,
                            isBegun: false))
                }
            }
            if isClosed { return false }
        } while ContinuousClock.now < time
        return true
    }
}
