package import Foundation
import GRDB
package import PinionLedger

/// A temporary increase of a limit.
package struct Increase: Sendable, Equatable {
    package let limit: Limit
    package let amount: Int
    /// The first moment at which the limit is what it was.
    package let until: Date

    /// A query of the increases of a scope that have not ended at `?2`, as one text that ``all(_:of:)`` reads: so that an
    /// account is one statement.
    static func texts(of scope: String, named column: String) -> String {
        """
        SELECT group_concat(limited || ' ' || amount || ' ' || until)
        FROM increase WHERE scope = '\(scope)' AND name = \(column) AND until > ?2
        """
    }

    /// - Parameter texts: `daily_tokens 5000 1800000000,credit 1 1800000000`; nil for none.
    static func all(_ texts: String?, of subject: @autoclosure () -> String) throws -> [Increase] {
        guard let texts else { return [] }
        return try texts.split(separator: ",").map { text in
            let parts = text.split(separator: " ")
            guard parts.count == 3, let limit = Limit(rawValue: String(parts[0])), let amount = Int(parts[1]),
                let until = Int64(parts[2]), (1...Limits.maximum).contains(amount)
            else {
                throw DamagedValue(
                    "the increases of", subject(), String(text),
                    expected: "a known limit with a number from 1 to \(Limits.maximum)")
            }
            return Increase(limit: limit, amount: amount, until: StoreTime.date(until))
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
