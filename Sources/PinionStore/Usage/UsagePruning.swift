import GRDB
import PinionLedger

/// What a pruning did.
package struct UsagePruning: Sendable, Equatable {
    /// A request may run over midnight: the day before the latest one still gets rows.
    package static let fewestDays = 2
    /// Rows that one transaction forgets: the log stays short, and folds come in between from other threads.
    private static let batch = 5_000

    /// Rows that were forgotten.
    package let rows: Int
    /// Texts of clients that no row has any more.
    package let clients: Int
    /// The first day that has its rows; nil for an empty ledger.
    package let firstDay: CalendarDate?

    package init(rows: Int, clients: Int, firstDay: CalendarDate?) {
        (self.rows, self.clients, self.firstDay) = (rows, clients, firstDay)
    }

    static func run(keepingDays days: Int, in db: Database) throws -> UsagePruning {
        guard days >= fewestDays else {
            throw StoreError(.invalidValue, "the rows of at least \(fewestDays) days must be kept, not of \(days)")
        }
        guard let latest = try UsageQueries.latestDay(in: db) else {
            return UsagePruning(rows: 0, clients: 0, firstDay: nil)
        }
        let (first, overflow) = latest.day.subtractingReportingOverflow(days - 1)
        let span = try Row.fetchOne(
            db, sql: "SELECT min(first_row), max(last_row) FROM day WHERE day < ?", arguments: [first])
        guard !overflow, let lower = span?[0] as Int?, let upper = span?[1] as Int? else {
            let whole = try UsageQueries.wholeFrom(in: db)
            return UsagePruning(rows: 0, clients: 0, firstDay: whole.map { CalendarDate($0) })
        }
        // Told first: a pruning that is interrupted leaves days that are not whole.
        try db.execute(
            sql: "UPDATE pruning SET whole_from = max(coalesce(whole_from, ?1), ?1)", arguments: [first])
        var rows = 0
        for start in stride(from: lower, through: upper, by: batch) {
            try db.execute(
                sql: "DELETE FROM usage WHERE id BETWEEN ? AND ? AND day < ?",
                arguments: [start, min(start + batch - 1, upper), first])
            rows += db.changesCount
        }
        try db.execute(sql: "UPDATE day SET first_row = NULL, last_row = NULL WHERE day < ?", arguments: [first])
        try db.execute(sql: "DELETE FROM client WHERE id NOT IN (SELECT client FROM usage)")
        let clients = db.changesCount
        try db.execute(sql: "PRAGMA incremental_vacuum")
        try db.checkpoint(.passive)
        return UsagePruning(rows: rows, clients: clients, firstDay: CalendarDate(first))
    }
}
