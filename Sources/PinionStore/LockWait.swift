import Foundation
import Synchronization

/// How long a connection waits for the locks of others: one deadline for all of its callers.
///
/// A connection's calls come one after the other. If each waited as long as the first one did, the twentieth request
/// would hear after a hundred seconds that the database is held; so a failure is remembered for a moment, in which the
/// calls that stood behind it fail at once.
final class LockWait: Sendable {
    /// Time for which a failure is remembered.
    private static let memory = Duration.milliseconds(250)
    /// Seconds between two tries to get a lock.
    private static let pollInterval = 0.005

    private struct State {
        var start = ContinuousClock.now
        var failure: ContinuousClock.Instant?
        var isPatient = true
    }

    private let limit: Duration
    private let state = Mutex(State())

    /// - Parameter limit: How long the first of several calls waits.
    init(limit: Duration) {
        self.limit = limit
    }

    /// Called by SQLite while a lock is held by another connection.
    ///
    /// - Parameter tries: How often it was called for this lock already.
    /// - Returns: Whether to try again.
    func goesOn(tries: Int) -> Bool {
        let now = ContinuousClock.now
        let goesOn = state.withLock { state in
            guard state.isPatient else { return false }
            if tries == 0 {
                if let failure = state.failure, failure.duration(to: now) < Self.memory { return false }
                state.start = now
            }
            guard state.start.duration(to: now) < limit else {
                state.failure = now
                return false
            }
            return true
        }
        if goesOn { Thread.sleep(forTimeInterval: Self.pollInterval) }
        return goesOn
    }

    /// Does what is not worth waiting for, and fails where another connection has a lock; called on the connection.
    func withoutWaiting<Value>(_ body: () throws -> Value) rethrows -> Value {
        state.withLock { $0.isPatient = false }
        defer { state.withLock { $0.isPatient = true } }
        return try body()
    }
}
