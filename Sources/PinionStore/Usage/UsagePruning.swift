import GRDB
import PinionLedger

/// What a pruning did.
package struct UsagePruning: Sendable, Equatable {
    /// A request may run over midnight: the day before the latest one still gets rows.
    package static let fewestDays = 2

    /// Rows that were forgotten.
    package let rows: Int
    /// Texts of clients that no row has any more.
    package let clients: Int
    /// The first day that has its rows; nil while nothing was ever pruned.
    package let firstDay: CalendarDate?

    package init(rows: Int, clients: Int, firstDay: CalendarDate?) {
        (self.rows, self.clients, self.firstDay) = (rows, clients, firstDay)
    }

    /// The steps of a pruning, each a short transaction: folds come in between, and the log stays short.
    struct Plan {
        private static let batch = 2_000
        /// Pages that are given back to the disk at a time.
        private static let pages = 2_000

        /// The first day that keeps its rows.
        let firstDay: Int
        /// Between which numbers the older rows lie.
        let rows: ClosedRange<Int>

        var batches: some Sequence<ClosedRange<Int>> {
            let upper = rows.upperBound
            return stride(from: rows.lowerBound, through: upper, by: Self.batch).lazy.map {
                $0...min($0 + Self.batch - 1, upper)
            }
        }

        /// - Returns: nil where no row is older.
        init?(keepingDays days: Int, in db: Database) throws {
            guard days >= fewestDays else {
                throw StoreError(
                    .invalidValue, "the rows of at least \(fewestDays) days must be kept, not of \(days)")
            }
            guard let latest = try UsageQueries.latestDay(in: db) else { return nil }
            let (first, overflow) = latest.day.subtractingReportingOverflow(days - 1)
            let span = try Row.fetchOne(
                db, sql: "SELECT min(first_row), max(last_row) FROM day WHERE day < ?", arguments: [first])
            guard !overflow, let lower = span?[0] as Int?, let upper = span?[1] as Int? else { return nil }
            (firstDay, rows) = (first, lower...upper)
            // Told before the first row goes: a pruning that is interrupted leaves days that are not whole.
            try db.execute(
                sql: "UPDATE pruning SET whole_from = max(coalesce(whole_from, ?1), ?1)", arguments: [first])
        }

        /// - Returns: How many rows were forgotten.
        func delete(_ batch: ClosedRange<Int>, in db: Database) throws -> Int {
            try db.execute(
                sql: "DELETE FROM usage WHERE id BETWEEN ? AND ? AND day < ?",
                arguments: [batch.lowerBound, batch.upperBound, firstDay])
            return db.changesCount
        }

        /// - Returns: How many texts of clients were forgotten.
        func deleteClients(in db: Database) throws -> Int {
            try db.execute(
                sql: "UPDATE day SET first_row = NULL, last_row = NULL WHERE day < ?", arguments: [firstDay])
            try db.execute(sql: "DELETE FROM client WHERE id NOT IN (SELECT client FROM usage)")
            return db.changesCount
        }

        /// - Returns: Whether there is more to give back.
        static func giveBackPages(in db: Database) throws -> Bool {
            try db.execute(sql: "PRAGMA incremental_vacuum(\(pages))")
            return try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0 > 0
        }
    }
}
