import GRDB
package import PinionLedger
import Synchronization

/// The ledger of a data directory, in SQLite: settled rows, and what they sum up to.
///
///     let usage = try UsageStore(path: "/var/lib/pinion/usage.db")
///     try usage.fold(rows)                        // once this returns, the journal may be cut
///     try usage.spent(by: .owner("team"), on: calendar.today()).month.tokens
///
/// One process has one such store for a file, and it alone writes and checkpoints; every other one reads through a
/// ``UsageReader``. All calls block for as long as the disk needs, so none belongs on an event loop; ``spent(by:on:)`` and
/// ``latestDay()`` never wait for a fold.
package final class UsageStore: UsageStorage {
    /// Time after which a fold also moves the log into the file, however short the log is. A log that grows long is moved
    /// by SQLite itself, at a commit.
    private static let checkpointInterval = Duration.seconds(30)

    private struct State {
        /// The file as this store left it: nothing else may write to it.
        var identity: FileIdentity
        var lastCheckpoint: ContinuousClock.Instant
        var isClosed = false
    }

    package let path: String
    package let currency: Currency
    private let writer: DatabaseQueue
    private let reader: DatabaseQueue
    private let state: Mutex<State>

    /// Opens the database at `path`, creating file and directory where they are missing.
    ///
    /// - Parameters:
    ///   - maximumBytes: Largest size of the file, beyond which a fold fails as on a full disk; nil for what the disk has.
    ///   - currency: What amounts are in; nil for what the database says.
    /// - Throws: `unavailable`, also on a network file system; `damaged`, `newerSchema`, `busy` or `diskFull`; `inUse` for
    ///   another currency than that of amounts in the database. The message names the file.
    package init(path: String, maximumBytes: Int? = nil, currency: Currency? = nil) throws(StoreError) {
        self.path = path
        writer = try UsageDatabase.openWriter(path: path, maximumBytes: maximumBytes)
        do {
            self.currency = try writer.write { db in
                if let currency { try UsageCurrency.set(currency, in: db, path: path) }
                return try UsageCurrency.read(in: db)
            }
        } catch {
            throw StoreError(error, path: path)
        }
        reader = try UsageDatabase.openReader(path: path)
        guard let identity = FileIdentity(path: path) else { throw Self.gone(path) }
        state = Mutex(State(identity: identity, lastCheckpoint: .now))
    }

    deinit {
        try? close()
    }

    /// Moves the log into the file and gives both up; every later call fails. The file is complete by itself then.
    package func close() throws(StoreError) {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        if wasClosed { return }
        // SQLite itself does it only where no reader of another process is left. Not where a later store has the file by now,
        // which would take it for a foreign program's write.
        _ = try? writer.writeWithoutTransaction { db in
            try requireUntouchedFile()
            try db.checkpoint(.passive)
        }
        do {
            // The connection that closes last moves the log, and a reader must not.
            try reader.close()
            try writer.close()
        } catch {
            throw StoreError(error, path: path)
        }
    }

    package func fold(_ rows: [UsageRow]) throws(StoreError) {
        _ = try fold(counting: rows)
    }

    /// Folds rows in, and tells how many of them were new.
    package func fold(counting rows: [UsageRow]) throws(StoreError) -> Int {
        guard !rows.isEmpty else { return 0 }
        return try write { db in
            var added = 0
            try db.inTransaction(.immediate) {
                added = try UsageFold.run(rows, in: db)
                return .commit
            }
            if state.withLock({ $0.lastCheckpoint.duration(to: .now) > Self.checkpointInterval }) {
                // The rows are safe in the log; a file that cannot grow is found out by the commit that needs it.
                _ = try? db.checkpoint(.passive)
                state.withLock { $0.lastCheckpoint = .now }
            }
            return added
        }
    }

    package func spent(by scope: Scope, on day: LedgerCalendar.Day) throws(StoreError) -> Spent {
        try read { try UsageQueries.spent(by: scope, on: day, in: $0) }
    }

    package func latestDay() throws(StoreError) -> LedgerCalendar.Day? {
        try read { try UsageQueries.latestDay(in: $0) }
    }

    /// Forgets the detailed rows of old days, and the clients' `user` with them; their sums stay.
    ///
    /// Days are counted back from the latest one in the ledger, not from the clock: a journal that was not folded for long
    /// then never has rows of days that were pruned, whose ids are known no more.
    ///
    /// - Parameter days: How many days keep their rows, the latest included; ``UsagePruning/fewestDays`` or more.
    package func prune(keepingDays days: Int) throws(StoreError) -> UsagePruning {
        guard let plan = try write({ try UsagePruning.Plan(keepingDays: days, in: $0) }) else {
            let firstDay = try read { try UsageQueries.wholeFrom(in: $0) }
            return UsagePruning(rows: 0, clients: 0, firstDay: firstDay.map { CalendarDate($0) })
        }
        var rows = 0
        for batch in plan.batches { rows += try write { try plan.delete(batch, in: $0) } }
        let clients = try write { try plan.deleteClients(in: $0) }
        while try write({ try UsagePruning.Plan.giveBackPages(in: $0) }) {}
        // The file shrinks when the log is moved into it.
        try write { _ = try $0.checkpoint(.passive) }
        return UsagePruning(rows: rows, clients: clients, firstDay: CalendarDate(plan.firstDay))
    }

    /// A connection for reports, which may take long and hold nothing up.
    package func makeReader() throws(StoreError) -> UsageReader {
        try requireSameFile()
        return try UsageReader(path: path)
    }

    private func read<T>(_ query: (Database) throws -> T) throws(StoreError) -> T {
        try requireSameFile()
        do {
            return try reader.read(query)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func write<T>(_ change: (Database) throws -> T) throws(StoreError) -> T {
        do {
            return try writer.writeWithoutTransaction { db in
                try requireUntouchedFile()
                // Also after a failure: part of a log may have been moved into the file.
                defer { noteState() }
                let result = try change(db)
                // A file that was replaced meanwhile took the rows with it: the caller must keep them.
                try requireSameFile()
                return result
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func noteState() {
        guard let identity = FileIdentity(path: path) else { return }
        state.withLock { state in
            if identity.inode == state.identity.inode { state.identity = identity }
        }
    }

    /// Throws when the path leads to another file than the one that is open.
    private func requireSameFile() throws(StoreError) {
        guard let identity = FileIdentity(path: path) else { throw Self.gone(path) }
        guard identity.inode == state.withLock({ $0.identity.inode }) else {
            throw StoreError(
                .unavailable, "the usage database \(path) was replaced while the server ran; restart the server")
        }
    }

    /// Throws as well when the file was written to by somebody else, such as by `cp` of a copy over it. On the writer's queue
    /// only, where no write of our own is under way.
    private func requireUntouchedFile() throws(StoreError) {
        try requireSameFile()
        guard FileIdentity(path: path) == state.withLock({ $0.identity }) else {
            throw StoreError(
                .unavailable,
                "the usage database \(path) was written by another program while the server ran; "
                    + "restart the server after `pinion store check`")
        }
    }

    private static func gone(_ path: String) -> StoreError {
        StoreError(.unavailable, "the usage database \(path) is gone; put it back and restart the server")
    }
}
