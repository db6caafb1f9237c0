import Foundation
import GRDB

/// Opens the SQLite file behind the ledger.
///
/// It has a write-ahead log, unlike the keys' database: reports over a million rows must not hold up the server's folding.
/// The server's one connection writes and checkpoints; every other connection, of whichever process, only reads.
/// `synchronous = FULL` has each commit synced to the log, because the journal is cut after it.
enum UsageDatabase {
    /// Marks the file as ours (`PnUs` in ASCII).
    static let applicationID: Int32 = 0x506E_5573
    /// Kibibytes of pages that the writer keeps; SQLite takes negative numbers as such. A reader has SQLite's own 2,000: it
    /// sorts rows in pieces of the same size, and larger ones no longer fit a processor's cache (by user 0.55 s instead of
    /// 0.95 s with 64 MiB).
    private static let writerCache = -8_192
    /// Bytes that the log is cut to once a checkpoint has emptied it: a long report lets it grow.
    private static let logSizeLimit = 16 << 20

    /// Opens the database for the server, creating it where it is missing.
    ///
    /// - Parameter maximumBytes: Largest size of the file; nil for what the disk has.
    static func openWriter(path: String, maximumBytes: Int?) throws(StoreError) -> DatabaseQueue {
        try prepareFile(path: path)
        try UsageEpoch.setForeignLogAside(path: path)
        do {
            var configuration = configuration
            configuration.prepareDatabase { db in
                // Pages of deleted rows can be given back to the disk; it counts only before the first table is made.
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                try claim(db, path: path)
            }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { db in
                guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                    throw StoreError(
                        .unavailable,
                        "the file system of the usage database \(path) cannot share memory, which its log needs; "
                            + "put the data directory on a disk of this machine")
                }
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA cache_size = \(writerCache)")
                try db.execute(sql: "PRAGMA journal_size_limit = \(logSizeLimit)")
                if let maximumBytes {
                    let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4_096
                    try db.execute(sql: "PRAGMA max_page_count = \(max(maximumBytes / pageSize, 1))")
                }
            }
            try UsageMigrations.run(on: queue, path: path)
            queue.writeWithoutTransaction { UsageEpoch.begin($0, path: path) }
            return queue
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Opens the database to read it, beside the server or without one.
    ///
    /// - Throws: `notFound` where there is no database.
    static func openReader(path: String) throws(StoreError) -> DatabaseQueue {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else {
                let reason = String(cString: strerror(errno))
                throw StoreError(.unavailable, "cannot open the usage database \(path): \(reason)")
            }
            throw StoreError(.notFound, "there is no usage database \(path); a server makes it when it starts")
        }
        try refuseNetwork(path: path)
        do {
            var configuration = configuration
            configuration.readonly = true
            configuration.prepareDatabase { db in
                guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
                    throw foreign(path)
                }
            }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { try UsageMigrations.check($0, path: path) }
            return queue
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(StoreDatabase.busyTimeout)
        configuration.foreignKeysEnabled = false
        configuration.label = "pinion.usage"
        return configuration
    }

    /// Marks an empty database as ours and refuses one that belongs to something else, before anything is written to it.
    private static func claim(_ db: Database, path: String) throws {
        if try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID { return }
        try db.inTransaction(.immediate) {
            let current = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            if current == applicationID { return .rollback }
            guard current == 0, try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
                throw foreign(path)
            }
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            return .commit
        }
    }

    private static func foreign(_ path: String) -> StoreError {
        StoreError(.damaged, "\(path) is a database of another program; give another --data-dir")
    }

    private static func refuseNetwork(path: String) throws(StoreError) {
        let directory = (path as NSString).deletingLastPathComponent
        guard let kind = FileSystem.network(at: directory) else { return }
        throw StoreError(
            .unavailable,
            "the usage database \(path) lies on a network file system (\(kind)), where its log would be damaged; "
                + "put the data directory on a disk of this machine")
    }

    private static func prepareFile(path: String) throws(StoreError) {
        let file = DatabaseFile(path: path, name: "usage database")
        try file.createDirectory()
        try refuseNetwork(path: path)
        try file.create()
        try file.check(allowsEmpty: true)
    }
}
