import Dispatch
import GRDB
import Synchronization

/// The open database of a store, opened anew when another file has taken its place.
///
/// Every use looks first at which file lies at the path (one `stat`, about a microsecond): an open database goes on reading
/// the file it was opened with, so a key that was revoked in a restored file would stay good for ever. A file that was
/// written in place (`cp backup.db pinion.db`) is noticed by its time of modification; a checkpoint changes that too, and
/// costs one opening more.
final class StoreConnection: Sendable {
    /// Time between two tries to open a file that could not be opened, so that requests do not wait for each other's.
    private static let retryPause = Duration.milliseconds(250)

    private struct Opened {
        let pool: DatabasePool
        let identity: FileIdentity

        init(_ opened: (pool: DatabasePool, identity: FileIdentity)) {
            (pool, identity) = opened
        }
    }

    private struct Failure {
        let error: StoreError
        let identity: FileIdentity
        let time: ContinuousClock.Instant
    }

    let path: String
    private let opened: Mutex<Opened>
    private let failure = Mutex<Failure?>(nil)
    /// Opening blocks, for as long as another process holds the database: never on the cooperative pool.
    private let opening = DispatchQueue(label: "pinion.store")

    /// Opens the database, creating it where it is missing.
    init(path: String) throws(StoreError) {
        self.path = path
        opened = Mutex(Opened(try StoreDatabase.open(path: path, creates: true)))
    }

    /// The database that lies at the path now; may block while it is opened.
    ///
    /// - Throws: `unavailable` when the file is gone. It is not made anew: an empty store would look like one whose keys
    ///   were all revoked, and hide the loss.
    func pool() throws(StoreError) -> DatabasePool {
        let identity = try currentIdentity()
        if let pool = pool(ifStill: identity) { return pool }
        return try opening.sync { Result { () throws(StoreError) in try reopen() } }.get()
    }

    /// The same, without blocking the calling thread.
    func pool() async throws(StoreError) -> DatabasePool {
        let identity = try currentIdentity()
        if let pool = pool(ifStill: identity) { return pool }
        let result = await withCheckedContinuation { continuation in
            opening.async { [self] in
                continuation.resume(returning: Result { () throws(StoreError) in try reopen() })
            }
        }
        return try result.get()
    }

    private func currentIdentity() throws(StoreError) -> FileIdentity {
        guard let identity = FileIdentity(path: path) else {
            throw StoreError(
                .unavailable, "the database \(path) is gone; put it back, or restart to begin with a new one")
        }
        return identity
    }

    private func pool(ifStill identity: FileIdentity) -> DatabasePool? {
        opened.withLock { $0.identity == identity ? $0.pool : nil }
    }

    /// Opens the file that lies at the path now; on ``opening``, so that one of several that ask does it.
    private func reopen() throws(StoreError) -> DatabasePool {
        let identity = try currentIdentity()
        if let pool = pool(ifStill: identity) { return pool }
        if let failure = failure.withLock({ $0 }), failure.identity == identity,
            failure.time.duration(to: .now) < Self.retryPause
        {
            throw failure.error
        }
        do {
            let new = Opened(try StoreDatabase.open(path: path, creates: false))
            failure.withLock { $0 = nil }
            opened.withLock { $0 = new }
            return new.pool
        } catch {
            failure.withLock { $0 = Failure(error: error, identity: identity, time: .now) }
            throw error
        }
    }
}
