import Dispatch
import GRDB
import Synchronization

/// The open database of a store, opened anew when another file has taken its place.
///
/// Every use looks first at which file lies at the path (one `stat`, about a microsecond): an open database goes on reading
/// the file it was opened with, so a key that was revoked in a restored file would stay good for ever. A file that was
/// written in place (`cp backup.db pinion.db`) is noticed by its time of modification; a write of our own changes that too, and
/// costs one opening more.
final class StoreConnection: Sendable {
    /// Time for which a failed opening is remembered: requests that come meanwhile fail at once instead of each waiting for a
    /// try of its own.
    private static let retryPause = Duration.milliseconds(250)

    private struct Failure {
        let error: StoreError
        let identity: FileIdentity
        let time: ContinuousClock.Instant
    }

    let path: String
    private let opened: Mutex<StoreDatabase.Opened>
    private let failure = Mutex<Failure?>(nil)
    /// Opening blocks, for as long as another process holds the database: never on the cooperative queue.
    private let opening = DispatchQueue(label: "pinion.store")

    /// Opens the database, creating it where it is missing.
    init(path: String) throws(StoreError) {
        self.path = path
        opened = Mutex(try StoreDatabase.open(path: path, creates: true))
    }

    /// The database that lies at the path now; may block while it is opened.
    ///
    /// - Throws: `unavailable` when the file is gone. It is not made anew: an empty store would look like one whose keys
    ///   were all revoked, and hide the loss.
    func queue() throws(StoreError) -> DatabaseQueue {
        let identity = try currentIdentity()
        if let queue = queue(ifStill: identity) { return queue }
        return try opening.sync { Result { () throws(StoreError) in try reopen() } }.get()
    }

    /// The same, without blocking the calling thread.
    func queue() async throws(StoreError) -> DatabaseQueue {
        let identity = try currentIdentity()
        if let queue = queue(ifStill: identity) { return queue }
        let result = await withCheckedContinuation { continuation in
            opening.async { [self] in
                continuation.resume(returning: Result { () throws(StoreError) in try reopen() })
            }
        }
        return try result.get()
    }

    /// Writes to the database that lies at the path now, unless another process has a lock; may block while it is opened.
    ///
    /// - Throws: `busy` at once where a lock would have to be waited for.
    func writeWithoutWaiting(_ updates: (Database) throws -> Void) throws(StoreError) {
        let queue: DatabaseQueue = try queue()
        // Of the same queue: the file may have been replaced since.
        let wait = opened.withLock { $0.queue === queue ? $0.wait : nil }
        guard let wait else { throw StoreError(.busy, "the database \(path) is being replaced") }
        do {
            try queue.writeWithoutTransaction { db in
                try wait.withoutWaiting {
                    try db.inTransaction(.immediate) {
                        try updates(db)
                        return .commit
                    }
                }
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func currentIdentity() throws(StoreError) -> FileIdentity {
        guard let identity = FileIdentity(path: path) else {
            throw StoreError(
                .unavailable, "the database \(path) is gone; put it back, or restart to begin with a new one")
        }
        return identity
    }

    private func queue(ifStill identity: FileIdentity) -> DatabaseQueue? {
        opened.withLock { $0.identity == identity ? $0.queue : nil }
    }

    /// Opens the file that lies at the path now; on ``opening``, so that one of several that ask does it.
    private func reopen() throws(StoreError) -> DatabaseQueue {
        let identity = try currentIdentity()
        if let queue = queue(ifStill: identity) { return queue }
        if let failure = failure.withLock({ $0 }), failure.identity == identity,
            failure.time.duration(to: .now) < Self.retryPause
        {
            throw failure.error
        }
        // A write that is under way has a journal, which SQLite finds by its name: it would be rolled back into the new file.
        // Later writes to the old file are refused by SQLite, which sees that the file has moved.
        let old = opened.withLock { $0.queue }
        _ = try? old.read { _ in }
        do {
            let new = try StoreDatabase.open(path: path, creates: false)
            failure.withLock { $0 = nil }
            opened.withLock { $0 = new }
            return new.queue
        } catch {
            failure.withLock { $0 = Failure(error: error, identity: identity, time: .now) }
            throw error
        }
    }
}
