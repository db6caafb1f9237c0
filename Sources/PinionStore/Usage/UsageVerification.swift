import Foundation
import GRDB
import PinionLedger

/// Whether a ledger's sums are those of its rows.
///
/// The rows of every day that still has all of them are summed up anew and compared with the daily sums; those in turn, of
/// all days, with what budgets are held against.
package struct UsageVerification: Sendable, Equatable {
    /// Differences that are written out; a damaged ledger may have one for every row.
    package static let maximumShown = 50

    /// Rows that were summed up.
    package private(set) var rows = 0
    /// Daily sums that were compared, with the rows and with budgets.
    package private(set) var sums = 0
    /// The first day whose rows were compared; nil when all were.
    package let wholeFrom: CalendarDate?
    /// How many differences there are.
    package private(set) var differences = 0
    /// The first of them, a line each.
    package private(set) var shown: [String] = []

    init(in db: Database) throws {
        let wholeFrom = try UsageQueries.wholeFrom(in: db)
        self.wholeFrom = wholeFrom.map { CalendarDate($0) }
        let names = try Self.names(in: db)
        let ownerless = names.first { $0.value.isEmpty }?.key
        let months = try Self.months(in: db)
        var fromRows = try rowSums(since: wholeFrom, in: db)
        var budgets = UsageSums()
        let stored = try Row.fetchCursor(db, sql: "SELECT * FROM daily ORDER BY day, key, owner, model, route, outcome")
        while let row = try stored.next() {
            sums += 1
            let key = UsageSums.DailyKey(
                day: row[0], key: row[1], owner: row[2], model: row[3], route: row[4], outcome: row[5])
            let sum = UsageSums.DailySum(row, from: 6, cost: row[11])
            if key.day >= wholeFrom ?? .min {
                let expected = fromRows.removeValue(forKey: key)
                if expected != sum { note("\(Self.text(key, names)): \(sum.text), but its rows \(expected.text)") }
            }
            guard let month = months[key.day] else {
                note("\(CalendarDate(key.day).text): it has sums, but is no day of the ledger")
                continue
            }
            budgets.add(sum, to: key, month: month, ownerless: ownerless)
        }
        for (key, expected) in fromRows {
            note("\(Self.text(key, names)): nothing, but its rows \(Optional(expected).text)")
        }
        try compareBudgets(budgets.spent, names: names, in: db)
    }

    private mutating func note(_ difference: String) {
        differences += 1
        if shown.count < Self.maximumShown { shown.append(difference) }
    }

    /// Sums up rows, and looks whether each lies where its day says.
    private mutating func rowSums(
        since wholeFrom: Int?, in db: Database
    ) throws -> [UsageSums.DailyKey: UsageSums.DailySum] {
        let cursor = try Row.fetchCursor(
            db,
            sql: """
                SELECT day, key, owner, model, route, outcome, count(*), sum(input), sum(cached), sum(output),
                    sum(reasoning), sum(cost >> \(UsageSelection.lowBits)),
                    sum(cost & \((1 << UsageSelection.lowBits) - 1)), min(id), max(id)
                FROM usage WHERE day >= ? GROUP BY day, key, owner, model, route, outcome
                """,
            arguments: [wholeFrom ?? Int.min])
        let spans = try Row.fetchAll(db, sql: "SELECT day, first_row, last_row FROM day")
            .reduce(into: [Int: (first: Int?, last: Int?)]()) { $0[$1[0]] = ($1[1], $1[2]) }
        var found: [UsageSums.DailyKey: UsageSums.DailySum] = [:]
        while let row = try cursor.next() {
            let key = UsageSums.DailyKey(
                day: row[0], key: row[1], owner: row[2], model: row[3], route: row[4], outcome: row[5])
            let (high, overflow) = (row[11] as Int).multipliedReportingOverflow(by: 1 << UsageSelection.lowBits)
            let sum = UsageSums.DailySum(row, from: 6, cost: overflow ? .max : saturatingSum(high, row[12]))
            found[key] = sum
            rows += sum.requests
            let span = spans[key.day]
            if span?.first ?? .max > row[13] as Int || span?.last ?? .min < row[14] as Int {
                note("\(CalendarDate(key.day).text): rows lie outside of those that the day names")
            }
        }
        return found
    }

    private mutating func compareBudgets(
        _ computed: [UsageSums.SpentKey: Spent.Amount], names: [Int: String], in db: Database
    ) throws {
        var computed = computed
        let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM spent ORDER BY scope, name, period, number")
        while let row = try cursor.next() {
            let stored = Spent.Amount(tokens: row[4], money: row[5])
            guard let period = UsageSums.SpentKey.Period(rawValue: row[2]) else {
                note("a budget has the period \(row[2] as Int), which there is not")
                continue
            }
            let key = UsageSums.SpentKey(scope: row[0], name: row[1], period: period, number: row[3])
            let expected = computed.removeValue(forKey: key)
            if expected != stored {
                note("\(Self.text(key, names)): \(stored.text), but its daily sums \(expected?.text ?? "nothing")")
            }
        }
        for (key, expected) in computed {
            note("\(Self.text(key, names)): nothing, but its daily sums \(expected.text)")
        }
    }

    private static func names(in db: Database) throws -> [Int: String] {
        try Row.fetchAll(db, sql: "SELECT id, text FROM name").reduce(into: [:]) {
            $0[$1[0]] = String(decoding: $1[1] as Data, as: UTF8.self)
        }
    }

    private static func months(in db: Database) throws -> [Int: Int] {
        try Row.fetchAll(db, sql: "SELECT day, month FROM day").reduce(into: [:]) { $0[$1[0]] = $1[1] }
    }

    private static func text(_ key: UsageSums.DailyKey, _ names: [Int: String]) -> String {
        let parts = [key.key, key.owner, key.model, key.route].map { "'\(names[$0] ?? "?")'" }
        let outcome = UsageRow.Outcome(code: key.outcome)?.rawValue ?? "outcome \(key.outcome)"
        return ([CalendarDate(key.day).text] + parts + [outcome]).joined(separator: " ")
    }

    private static func text(_ key: UsageSums.SpentKey, _ names: [Int: String]) -> String {
        let scope = ["key", "owner", "model"]
        let kind = scope.indices.contains(key.scope) ? scope[key.scope] : "scope \(key.scope)"
        let period =
            switch key.period {
            case .day: CalendarDate(key.number).text
            case .month: "month \(key.number)"
            case .total: "in total"
            }
        return "\(kind) '\(names[key.name] ?? "?")' \(period)"
    }
}

extension UsageSums.DailySum {
    /// - Parameter from: The column of the requests, which those of tokens follow.
    fileprivate init(_ row: Row, from: Int, cost: Int) {
        self.init(
            requests: row[from],
            tokens: TokenCounts(
                input: row[from + 1], cached: row[from + 2], output: row[from + 3], reasoning: row[from + 4]),
            cost: cost)
    }

    fileprivate var text: String {
        "\(requests) requests, tokens \(tokens.input)/\(tokens.cached)/\(tokens.output)/\(tokens.reasoning), cost \(cost)"
    }
}

extension UsageSums.DailySum? {
    fileprivate var text: String { self?.text ?? "nothing" }
}

extension Spent.Amount {
    fileprivate var text: String { "tokens \(tokens), money \(money)" }
}
