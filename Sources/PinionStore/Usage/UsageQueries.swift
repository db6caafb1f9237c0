import Foundation
import GRDB
import PinionLedger

/// Questions that budgets ask of the sums, each answered by a few look-ups in a primary key.
enum UsageQueries {
    static func spent(by scope: Scope, on day: LedgerCalendar.Day, in db: Database) throws -> Spent {
        let name = try db.cachedStatement(sql: "SELECT id FROM name WHERE text = ?")
        guard let number = try Int.fetchOne(name, arguments: [Data(scope.name.utf8)]) else { return Spent() }
        let select = try db.cachedStatement(
            sql: "SELECT tokens, money FROM spent WHERE (scope, name, period, number) = (?, ?, ?, ?)")
        func amount(_ period: UsageSums.SpentKey.Period, _ of: Int) throws -> Spent.Amount {
            let row = try Row.fetchOne(select, arguments: [scope.code, number, period.rawValue, of])
            return row.map { Spent.Amount(tokens: $0[0], money: $0[1]) } ?? Spent.Amount()
        }
        return Spent(
            day: try amount(.day, day.day), month: try amount(.month, day.month), total: try amount(.total, 0))
    }

    static func latestDay(in db: Database) throws -> LedgerCalendar.Day? {
        try Row.fetchOne(db, sql: "SELECT day, month FROM day ORDER BY day DESC LIMIT 1")
            .map { LedgerCalendar.Day(day: $0[0], month: $0[1]) }
    }

    /// The first day whose detailed rows are whole; nil while nothing was pruned.
    static func wholeFrom(in db: Database) throws -> Int? {
        try Int.fetchOne(db, sql: "SELECT whole_from FROM pruning")
    }
}
