import Foundation
import GRDB

/// Opens the SQLite file behind the store.
///
/// The file is all there is (`journal_mode = DELETE`). WAL was rejected: SQLite finds a log by its name alone, so that a
/// backup copied over the file came under the log of the file before it, and keys that were revoked in it came back. Keys
/// are written too rarely for readers that wait a few milliseconds to matter. `synchronous = FULL` makes every commit survive
/// a power cut: a revocation that was reported as done must not come undone.
enum StoreDatabase {
    /// Marks the file as ours (`Pinn` in ASCII), so that another program's database is never migrated by mistake.
    static let applicationID: Int32 = 0x5069_6E6E
    /// How long a statement waits for another process's transaction, in seconds; see ``LockWait``.
    static let busyTimeout = 5.0
    /// Seconds between two tries to become the one that opens.
    static let lockPollInterval = 0.02

    /// Times that a file is opened anew because another one took its place meanwhile.
    private static let maximumTries = 20

    /// An open database.
    struct Opened {
        let queue: DatabaseQueue
        /// What the file was after the opening, which may have written to it.
        let identity: FileIdentity
        /// How the queue waits for other processes.
        let wait: LockWait
    }

    /// - Parameter creates: Whether a file that is missing is made.
    static func open(path: String, creates: Bool) throws(StoreError) -> Opened {
        try prepareFile(path: path, creates: creates)
        let turn = try waitForTurn(path: path)
        defer { close(turn) }
        for _ in 0..<maximumTries {
            let before = FileIdentity(path: path)
            let queue: DatabaseQueue
            let wait = LockWait(limit: .seconds(busyTimeout))
            do {
                queue = try openAndMigrate(path: path, wait: wait)
            } catch {
                throw StoreError(error, path: path)
            }
            guard let after = FileIdentity(path: path), after.inode == before?.inode else { continue }
            return Opened(queue: queue, identity: after, wait: wait)
        }
        throw StoreError(.busy, "the database \(path) is being replaced again and again")
    }

    /// Takes a lock on the directory, held until the returned descriptor is closed.
    ///
    /// SQLite serialises transactions, but setting up a new file takes several; two processes that do it at the same
    /// moment trip over each other. The kernel drops the lock with its holder, however that ends.
    private static func waitForTurn(path: String) throws(StoreError) -> Int32 {
        let directory = (path as NSString).deletingLastPathComponent
        let descriptor = Foundation.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StoreError(.unavailable, "cannot open the data directory \(directory): \(reason)")
        }
        let deadline = ContinuousClock.now + .seconds(busyTimeout)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline else {
                close(descriptor)
                throw StoreError(.busy, "the database \(path) is being opened by another process")
            }
            Thread.sleep(forTimeInterval: lockPollInterval)
        }
        return descriptor
    }

    private static func openAndMigrate(path: String, wait: LockWait) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .callback { wait.goesOn(tries: $0) }
        configuration.prepareDatabase { try claim($0, path: path) }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            if let complaint = try String.fetchOne(db, sql: "PRAGMA quick_check(1)"), complaint != "ok" {
                let found = complaint.split(whereSeparator: \.isNewline).joined(separator: "; ")
                throw StoreError(.damaged, "the database \(path) is damaged: \(found)")
            }
            if try StoreMigrations.migrator.hasBeenSuperseded(db) {
                throw StoreError(
                    .newerSchema,
                    "the database \(path) was written by a newer version of pinion; use that version, "
                        + "or another --data-dir")
            }
            try StoreMigrations.backUp(db, path: path)
        }
        try StoreMigrations.migrator.migrate(queue)
        return queue
    }

    /// Marks an empty database as ours and refuses one that belongs to something else, before anything is written to it.
    private static func claim(_ db: Database, path: String) throws {
        let current = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if current == applicationID { return }
        try db.inTransaction(.immediate) {
            let current = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            if current == applicationID { return .rollback }
            guard current == 0, try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
                throw StoreError(.damaged, "\(path) is a database of another program; give another --data-dir")
            }
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            return .commit
        }
    }

    private static func prepareFile(path: String, creates: Bool) throws(StoreError) {
        let file = DatabaseFile(path: path, name: "database")
        if creates {
            try file.createDirectory()
            try file.create()
        }
        try file.check(allowsEmpty: creates)
    }
}

extension StoreError {
    /// Says what SQLite's failure means for the file at `path`.
    init(_ error: any Error, path: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        if let error = error as? DamagedValue {
            self.init(.damaged, "the database \(path) is damaged: \(error.description)")
            return
        }
        guard let error = error as? DatabaseError else {
            let code: Code = error is CancellationError ? .cancelled : .unavailable
            self.init(code, "the database \(path) could not be used: \(error)")
            return
        }
        let said = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .damaged,
                "the database \(path) is damaged: \(said); restore it from a copy, or move it away to start afresh")
        case .SQLITE_FULL:
            self.init(.diskFull, "the database \(path) cannot grow: the disk is full")
        case .SQLITE_IOERR where Self.isDiskFull(at: path):
            self.init(.diskFull, "the database \(path) cannot be used: the disk is full")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "the database \(path) is held by another process")
        default:
            self.init(.unavailable, "the database \(path) could not be used: \(said)")
        }
    }

    /// Whether the file system has no room for another page: for the index of its log SQLite says only "disk I/O error".
    private static func isDiskFull(at path: String) -> Bool {
        var status = statvfs()
        return statvfs(path, &status) == 0 && status.f_bavail == 0
    }

    /// The system's own words for a file error, without Foundation's envelope.
    static func reason(for error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        if let underlying, underlying.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(truncatingIfNeeded: underlying.code)))
        }
        return error.localizedDescription
    }
}
