import Dispatch
import Foundation
import GRDB
import Synchronization

/// Writes when keys were last used, many keys in one transaction.
///
/// A write costs a sync of the disk, and the connection opens the database anew after it. One for each key would let a
/// thousand busy keys do both a thousand times a minute.
final class UseNotes: Sendable {
    /// Time for which uses are gathered before they are written.
    private static let gathering = DispatchTimeInterval.milliseconds(500)
    /// Time after which notes are written again that found the database held.
    private static let retryPause = DispatchTimeInterval.seconds(5)

    private struct State {
        /// When a use of each key was last noted.
        var noted: [String: ContinuousClock.Instant] = [:]
        /// Uses that are not written yet.
        var waiting: [String: Int64] = [:]
    }

    private let connection: StoreConnection
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "pinion.store.uses")

    init(connection: StoreConnection) {
        self.connection = connection
    }

    /// Notes that a key was used, without waiting; at most once in ``KeyStore/lastUsedGranularity`` for a key.
    func note(_ id: String, at date: Date) {
        let now = ContinuousClock.now
        let isFirst = state.withLock { state in
            if let last = state.noted[id], last.duration(to: now) < KeyStore.lastUsedGranularity { return false }
            state.noted[id] = now
            state.waiting[id] = StoreTime.seconds(date)
            return state.waiting.count == 1
        }
        if isFirst { queue.asyncAfter(deadline: .now() + Self.gathering) { self.write() } }
    }

    /// Writes what waits. Never by waiting for another process: every request is authenticated on the same connection, and
    /// would wait behind the note for as long as somebody only reads the file.
    private func write() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting
        }
        guard !waiting.isEmpty else { return }
        do {
            try connection.writeWithoutWaiting { db in
                for (id, seconds) in waiting {
                    try db.execute(sql: "UPDATE api_key SET last_used = ? WHERE id = ?", arguments: [seconds, id])
                }
            }
        } catch {
            // Another failure harms nobody: the next use is noted again.
            guard error.code == .busy else { return }
            state.withLock { $0.waiting.merge(waiting) { newer, _ in newer } }
            queue.asyncAfter(deadline: .now() + Self.retryPause) { self.write() }
        }
    }
}
