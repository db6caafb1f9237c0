import Foundation
import Synchronization

/// The thread of an engine: runs its loop, and makes the loop anew when it failed.
///
/// Not a task: an engine never gives its thread back, and would starve the cooperative pool.
struct EngineThread: Sendable {
    private static let stackBytes = 4 << 20
    /// Time before the engine is made anew, and again each time that fails, twice as long up to the longest.
    private static let shortestPause: TimeInterval = 0.05
    private static let longestPause: TimeInterval = 30

    let source: any EngineSource
    let configuration: EngineConfiguration
    let link: EngineLink

    /// - Parameter ready: Told once, whether the engine could be made.
    func start(ready: @escaping @Sendable (Result<EngineDescription, any Error>) -> Void) {
        let thread = Thread {
            do {
                let loop = try EngineLoop(source, configuration, link)
                ready(.success(loop.description))
                run(loop)
            } catch {
                ready(.failure(error))
            }
        }
        thread.name = "pinion-engine"
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    private func run(_ first: EngineLoop) {
        var loop: EngineLoop? = first
        while let running = loop {
            let description = running.description
            do {
                return try running.run()
            } catch {
                link.isReady.store(false, ordering: .releasing)
                running.endAll(.engineFailed)
                configuration.observer?.failed(error)
            }
            // Its memory is free before the next one takes its own.
            loop = nil
            loop = remake(description)
        }
    }

    /// Tries until there is a new engine; nil when the old one's owner has gone meanwhile.
    private func remake(_ description: EngineDescription) -> EngineLoop? {
        var pause = Self.shortestPause
        while refuse(until: Date(timeIntervalSinceNow: pause)) {
            do {
                let loop = try EngineLoop(source, configuration, link)
                guard loop.description.digest == description.digest else {
                    throw EngineError(.load, "the model is not the one that was loaded before; start the server anew")
                }
                link.isReady.store(true, ordering: .releasing)
                configuration.observer?.recovered()
                return loop
            } catch {
                configuration.observer?.failed(error as? EngineError ?? EngineError(.failed, "\(error)"))
                pause = min(2 * pause, Self.longestPause)
            }
        }
        return nil
    }

    /// Ends the requests that come until a time.
    ///
    /// - Returns: false when the engine is to stop.
    private func refuse(until time: Date) -> Bool {
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
        } while Date() < time
        return true
    }
}
