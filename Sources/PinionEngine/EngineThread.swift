import Foundation
import Synchronization

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
                let description = try run { ready(.success($0)) }
                rebuild(as: description)
            } catch {
                ready(.failure(error))
            }
        }
        thread.name = "pinion-engine"
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Makes an engine and runs it until it fails or is to stop; it is gone, with all its memory, when this returns.
    ///
    /// - Parameter made: Told when it is there; may refuse it.
    /// - Returns: What the engine was that failed; nil when it was told to stop.
    /// - Throws: What kept it from being made.
    private func run(made: (EngineDescription) throws(EngineError) -> Void) throws(EngineError) -> EngineDescription? {
        let loop = try EngineLoop(source, configuration, link)
        try made(loop.description)
        do {
            try loop.run()
            return nil
        } catch {
            link.isReady.store(false, ordering: .releasing)
            loop.endAll(.engineFailed)
            configuration.observer?.failed(error)
            return loop.description
        }
    }

    /// Makes an engine again each time that one fails, until it is told to stop.
    private func rebuild(as first: EngineDescription?) {
        var failed = first
        var pause = Self.shortestPause
        while let description = failed, refuse(until: .now + pause) {
            do {
                failed = try run { made throws(EngineError) in
                    guard made.digest == description.digest else {
                        throw EngineError(.load, "the model is not the one that was loaded before; restart the server")
                    }
                    pause = Self.shortestPause
                    link.isReady.store(true, ordering: .releasing)
                    configuration.observer?.recovered()
                }
            } catch {
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
            for command in link.mailbox.take(.until(time)) {
                switch command {
                case .submit(_, let request):
                    for choice in request.choices {
                        link.load.release()
                        choice.sink.finish(SequenceOutcome(reason: .engineFailed, generatedTokens: 0))
                    }
                case .cancel: continue
                case .stop: return false
                }
            }
        } while ContinuousClock.now < time
        return true
    }
}
