import Foundation
import GRDB
import PinionLedger

/// One transaction's adding of rows: each that is new, then once what they sum up to.
struct UsageFold {
    /// Largest number of tokens that a row is believed; a million such rows still have a sum.
    static let maximumTokens = 1 << 40

    private let db: Database
    private var names = UsageTexts(table: "name")
    private var clients = UsageTexts(table: "client")
    /// By the three prices.
    private var prices: [[Int]: Int] = [:]
    private var days: [Int: DayRows] = [:]
    private var sums = UsageSums()
    private let ownerless: Int
    private(set) var addedRows = 0

    /// A day, and between which rows its own lie.
    private struct DayRows {
        /// The first one that was told: a day has one month.
        let month: Int
        var first: Int
        var last: Int
    }

    init(_ db: Database) throws {
        self.db = db
        ownerless = try names.number(of: "", in: db)
    }

    /// - Returns: Rows that were new.
    static func run(_ rows: [UsageRow], in db: Database) throws -> Int {
        var fold = try UsageFold(db)
        for row in rows { try fold.add(row) }
        try fold.addDays()
        try fold.addSums()
        return fold.addedRows
    }

    private mutating func add(_ row: UsageRow) throws {
        let request = UsageCodes.bytes(ofRequest: row.requestID)
        let known = try db.cachedStatement(sql: "SELECT 1 FROM usage WHERE request = ?")
        if try Int.fetchOne(known, arguments: [request]) != nil { return }
        let key = UsageSums.DailyKey(
            day: row.day.day, key: try names.number(of: row.key, in: db),
            owner: try names.number(of: row.owner, in: db),
            model: try names.number(of: row.model, in: db), route: try names.number(of: row.route, in: db),
            outcome: row.outcome.code)
        let sum = UsageSums.DailySum(requests: 1, tokens: Self.believable(row.tokens), cost: max(row.cost, 0))
        let number = try insert(row, key, sum, request)
        sums.add(sum, to: key, month: try note(number, on: row.day), ownerless: ownerless)
        addedRows += 1
    }

    private mutating func insert(
        _ row: UsageRow, _ key: UsageSums.DailyKey, _ sum: UsageSums.DailySum, _ request: Data
    ) throws -> Int {
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO usage (
                    time, day, key, owner, model, route, client, outcome, input, cached, output, reasoning, cost, price,
                    retries, status, queued, first_token, run, request, metadata)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insertion.execute(
            arguments: [
                row.time, key.day, key.key, key.owner, key.model, key.route, try clients.number(of: row.user, in: db),
                key.outcome, sum.tokens.input, sum.tokens.cached, sum.tokens.output, sum.tokens.reasoning, sum.cost,
                try number(of: row.prices), row.retryCount, row.status, row.queuedTime, row.firstTokenTime, row.runTime,
                request, row.metadata.isEmpty ? nil : Data(row.metadata.utf8),
            ])
        return Int(db.lastInsertedRowID)
    }

    private static func believable(_ tokens: TokenCounts) -> TokenCounts {
        func bounded(_ count: Int) -> Int { min(max(count, 0), maximumTokens) }
        return TokenCounts(
            input: bounded(tokens.input), cached: bounded(tokens.cached), output: bounded(tokens.output),
            reasoning: bounded(tokens.reasoning))
    }

    private mutating func number(of price: Prices) throws -> Int {
        let parts = [price.input, price.cachedInput, price.output]
        if let known = prices[parts] { return known }
        let arguments = StatementArguments(parts)
        let select = try db.cachedStatement(sql: "SELECT id FROM price WHERE (input, cached, output) = (?, ?, ?)")
        if let stored = try Int.fetchOne(select, arguments: arguments) {
            prices[parts] = stored
            return stored
        }
        try db.execute(sql: "INSERT INTO price (input, cached, output) VALUES (?, ?, ?)", arguments: arguments)
        prices[parts] = Int(db.lastInsertedRowID)
        return Int(db.lastInsertedRowID)
    }

    /// - Returns: The day's month.
    private mutating func note(_ number: Int, on day: LedgerCalendar.Day) throws -> Int {
        if var rows = days[day.day] {
            rows.last = number
            days[day.day] = rows
            return rows.month
        }
        let select = try db.cachedStatement(sql: "SELECT month FROM day WHERE day = ?")
        let month = try Int.fetchOne(select, arguments: [day.day]) ?? day.month
        days[day.day] = DayRows(month: month, first: number, last: number)
        return month
    }

    private func addDays() throws {
        for (day, rows) in days {
            try db.cachedStatement(
                sql: """
                    INSERT INTO day (day, month, first_row, last_row) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                        first_row = min(coalesce(first_row, excluded.first_row), excluded.first_row),
                        last_row = max(coalesce(last_row, excluded.last_row), excluded.last_row)
                    """
            ).execute(arguments: [day, rows.month, rows.first, rows.last])
        }
    }

    private func addSums() throws {
        let daily = try db.cachedStatement(
            sql: """
                INSERT INTO daily VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                    \(Self.increase("requests")), \(Self.increase("input")), \(Self.increase("cached")),
                    \(Self.increase("output")), \(Self.increase("reasoning")), \(Self.increase("cost"))
                """)
        for (key, sum) in sums.daily {
            try daily.execute(
                arguments: [
                    key.day, key.key, key.owner, key.model, key.route, key.outcome, sum.requests, sum.tokens.input,
                    sum.tokens.cached, sum.tokens.output, sum.tokens.reasoning, sum.cost,
                ])
        }
        let spent = try db.cachedStatement(
            sql: """
                INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                    \(Self.increase("tokens")), \(Self.increase("money"))
                """)
        for (key, amount) in sums.spent {
            try spent.execute(
                arguments: [key.scope, key.name, key.period.rawValue, key.number, amount.tokens, amount.money])
        }
    }

    /// Stops at the largest integer: SQLite would go on in floating point, which a `STRICT` table refuses.
    private static func increase(_ column: String) -> String {
        "\(column) = min(\(column), \(Int.max) - excluded.\(column)) + excluded.\(column)"
    }
}
