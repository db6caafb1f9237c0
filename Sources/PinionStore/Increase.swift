package import Foundation
import GRDB
package import PinionLedger

/// A temporary increase of a limit.
package struct Increase: Sendable, Equatable {
    package let limit: Limit
    package let amount: Int
    /// The first moment at which the limit is what it was.
    package let until: Date

    /// The increases of a scope that have not ended.
    static func current(of scope: Scope, at now: Date, in db: Database) throws -> [Increase] {
        let statement = try db.cachedStatement(
            sql: "SELECT limited, amount, until FROM increase WHERE scope = ? AND name = ? AND until > ? ORDER BY id")
        let rows = try Row.fetchAll(statement, arguments: [scope.kind, scope.name, StoreTime.seconds(now)])
        return try rows.map { row in
            let (name, amount): (String, Int) = (row[0], row[1])
            guard let limit = Limit(rawValue: name), (1...Limits.maximum).contains(amount) else {
                throw DamagedValue(
                    "the increases of", "\(scope.kind) \(scope.name)", "\(name): \(amount)",
                    expected: "a known limit with a number from 1 to \(Limits.maximum)")
            }
            return Increase(limit: limit, amount: amount, until: StoreTime.date(row[2]))
        }
    }

    /// Adds increases of limits that the scope has.
    ///
    /// - Parameter limits: The limits that are raised, as they are.
    static func add(
        _ amounts: [Limit: Int], until end: Date, to scope: Scope, limits: Limits, at now: Date, in db: Database
    ) throws -> AuditNote {
        let end = try StoreTime.end(end, after: now)
        let checked = try StoredText.limits(amounts)
        guard !checked.isEmpty else { throw StoreError(.invalidValue, "no limit was given that is to be raised") }
        // Those that have ended are of no use any more; the audit trail remembers them.
        try db.execute(
            sql: "DELETE FROM increase WHERE scope = ? AND name = ? AND until <= ?",
            arguments: [scope.kind, scope.name, StoreTime.seconds(now)])
        for limit in Limit.allCases {
            guard let amount = checked[limit] else { continue }
            guard amount > 0 else {
                throw StoreError(.invalidValue, "\(limit.rawValue) is raised by 0; expected 1 or more")
            }
            guard limits[limit] != nil else {
                throw StoreError(
                    .invalidValue,
                    "the \(scope.kind) \(scope.name) has no limit \(limit.rawValue), so it cannot be raised")
            }
            try db.execute(
                sql: "INSERT INTO increase (scope, name, limited, amount, until) VALUES (?, ?, ?, ?, ?)",
                arguments: [scope.kind, scope.name, limit.rawValue, amount, StoreTime.seconds(end)])
        }
        return AuditNote(
            "\(scope.kind).increase", scope.name, ["limits": .init(checked), "until": .init(end)])
    }

    static func remove(of scope: Scope, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM increase WHERE scope = ? AND name = ?", arguments: [scope.kind, scope.name])
    }
}

extension Limits {
    func raised(by increases: [Increase]) -> Limits {
        increases.reduce(self) { $0.raised($1.limit, by: $1.amount) }
    }
}
