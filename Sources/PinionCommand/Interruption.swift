import ArgumentParser
import Dispatch
import Foundation
import PinionCatalog
import PinionTerminal
import Synchronization

/// What SIGINT and SIGTERM do until the server takes them over.
///
/// Once Dispatch has watched a signal it never gives back the default action, so the watch is not ended: it does
/// something else from then on.
enum Interruption {
    /// The exit code of a program that was interrupted, by convention of the shells.
    static let exitCode: Int32 = 130

    private static let action = Mutex<@Sendable (Int32) -> Void>({ _ in leave() })

    /// Only ever made, to live as long as the program; nobody touches them after that, so they need no isolation.
    nonisolated(unsafe) private static let sources = [SIGINT, SIGTERM].map { number in
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { action.withLock { $0 }(number) }
        source.resume()
        return source
    }

    /// Watches the signals, with `action` as what they do; nil leaves the program at once.
    fileprivate static func watch(_ action: (@Sendable () -> Void)?) {
        let action = action ?? leave
        self.action.withLock { $0 = { _ in action() } }
        _ = sources
    }

    /// Lets the server decide: it watches the signals itself once it listens.
    static func handOver() {
        action.withLock { $0 = { _ in } }
    }

    /// Ends the program with the code of its signal, as the handlers of a chat's terminal do: they are not called for a
    /// signal that Dispatch has watched.
    static func endWithSignals() {
        action.withLock {
            $0 = { number in
                TerminalMode.leave()
                _exit(128 + number)
            }
        }
    }

    /// Outside a fetch there is nothing to clean up but the terminal.
    @Sendable fileprivate static func leave() {
        TerminalMode.leave()
        _exit(exitCode)
    }
}

/// Runs `body` so that SIGINT and SIGTERM cancel it, letting it clean up; the program then exits with 130. A second signal
/// leaves at once, for a body that waits for something.
func cancelledBySignals<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let task = Task { try await body() }
    Interruption.watch {
        if task.isCancelled { Interruption.leave() }
        task.cancel()
    }
    defer { Interruption.watch(nil) }
    do {
        return try await task.value
    } catch let error as CatalogError where error.code == .cancelled {
        throw ExitCode(Interruption.exitCode)
    } catch is CancellationError {
        throw ExitCode(Interruption.exitCode)
    }
}
