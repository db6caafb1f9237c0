import ArgumentParser
import Dispatch
import Foundation
import PinionCatalog
import Synchronization

/// What SIGINT and SIGTERM do until the server takes them over.
///
/// Once Dispatch has watched a signal it never gives back the default action, so the watch is not ended: it does
/// something else from then on.
enum Interruption {
    /// The exit code of a program that was interrupted, by convention of the shells.
    static let exitCode: Int32 = 130

    private static let action = Mutex<@Sendable () -> Void>(leave)

    /// Only ever made, to live as long as the program; nobody touches them after that, so they need no isolation.
    nonisolated(unsafe) private static let sources = [SIGINT, SIGTERM].map { number in
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { action.withLock { $0 }() }
        source.resume()
        return source
    }

    /// Watches the signals, with `action` as what they do; nil leaves the program at once.
    fileprivate static func watch(_ action: (@Sendable () -> Void)?) {
        self.action.withLock { $0 = action ?? leave }
        _ = sources
    }

    /// Lets the server decide: it watches the signals itself once it listens.
    static func handOver() {
        action.withLock { $0 = {} }
    }

    /// There is nothing to clean up outside a fetch.
    @Sendable private static func leave() {
        _exit(exitCode)
    }
}

/// Runs `body` so that SIGINT and SIGTERM cancel it, letting it clean up; the program then exits with 130.
func cancelledBySignals<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let task = Task { try await body() }
    Interruption.watch { task.cancel() }
    defer { Interruption.watch(nil) }
    do {
        return try await task.value
    } catch let error as CatalogError where error.code == .cancelled {
        throw ExitCode(Interruption.exitCode)
    } catch is CancellationError {
        throw ExitCode(Interruption.exitCode)
    }
}
