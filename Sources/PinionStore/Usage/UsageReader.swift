import Foundation
import GRDB
package import PinionLedger

/// Reads the ledger of a data directory, beside the server that writes it or without one; each call sees one state of it.
///
///     let reader = try UsageReader(path: "/var/lib/pinion/usage.db")
///     let report = try reader.report(UsageReport.Query(groups: [.day, .model]))
///     report.lines.first?.labels      // ["2026-11-27", "qwen/q4_k_m"]
///
/// It never writes: SQLite opens the file read-only. Calls block, and come one after the other.
package final class UsageReader: Sendable {
    package let path: String
    private let queue: DatabaseQueue

    /// - Throws: `notFound` where there is no database yet; `unavailable`, `damaged`, `newerSchema` or `busy`.
    package init(path: String) throws(StoreError) {
        self.path = path
        queue = try UsageDatabase.openReader(path: path)
    }

    package func report(_ query: UsageReport.Query) throws(StoreError) -> UsageReport {
        try read { try UsageReport(query, in: $0) }
    }

    /// The row of a request; nil for an id that is unknown, or whose row was pruned.
    package func row(ofRequest id: String) throws(StoreError) -> UsageRow? {
        try read { try UsageRow.stored(request: id, in: $0) }
    }

    /// What the ledger's amounts are in.
    package func currency() throws(StoreError) -> Currency {
        try read { try UsageCurrency.read(in: $0) }
    }

    package func latestDay() throws(StoreError) -> LedgerCalendar.Day? {
        try read { try UsageQueries.latestDay(in: $0) }
    }

    /// Computes all sums anew, from the rows and from each other, and tells where they differ. It reads every row.
    package func verify() throws(StoreError) -> UsageVerification {
        try read { try UsageVerification(in: $0) }
    }

    private func read<T>(_ query: (Database) throws -> T) throws(StoreError) -> T {
        do {
            return try queue.read(query)
        } catch {
            throw StoreError(error, path: path)
        }
    }
}

extension UsageRow {
    fileprivate static func stored(request id: String, in db: Database) throws -> UsageRow? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT usage.*, day.month, price.input AS price_input, price.cached AS price_cached,
                    price.output AS price_output,
                    (SELECT text FROM name WHERE id = usage.key) AS key_text,
                    (SELECT text FROM name WHERE id = usage.owner) AS owner_text,
                    (SELECT text FROM name WHERE id = usage.model) AS model_text,
                    (SELECT text FROM name WHERE id = usage.route) AS route_text,
                    (SELECT text FROM client WHERE id = usage.client) AS client_text
                FROM usage JOIN day ON day.day = usage.day JOIN price ON price.id = usage.price
                WHERE request = ?
                """,
            arguments: [UsageCodes.bytes(ofRequest: id)])
        guard let row else { return nil }
        func text(_ column: String) -> String {
            (row[column] as Data?).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        guard let outcome = Outcome(code: row["outcome"]) else {
            throw StoreError(.damaged, "the row of \(id) has the outcome \(row["outcome"] as Int), which there is not")
        }
        return UsageRow(
            requestID: id, time: row["time"], day: LedgerCalendar.Day(day: row["day"], month: row["month"]),
            key: text("key_text"), owner: text("owner_text"), model: text("model_text"), route: text("route_text"),
            prices: Prices(input: row["price_input"], cachedInput: row["price_cached"], output: row["price_output"]),
            user: text("client_text"), metadata: text("metadata"), retryCount: row["retries"],
            tokens: TokenCounts(
                input: row["input"], cached: row["cached"], output: row["output"], reasoning: row["reasoning"]),
            outcome: outcome, status: row["status"], cost: row["cost"], queuedTime: row["queued"],
            firstTokenTime: row["first_token"], runTime: row["run"])
    }
}
