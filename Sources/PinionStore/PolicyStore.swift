package import Foundation
import GRDB
package import PinionLedger

/// Limits and models under a name, which any number of keys may have.
package struct PolicyRecord: Sendable, Equatable {
    package let name: String
    package let limits: Limits
    /// Nil for all.
    package let models: [ModelPattern]?
    /// Whether the policy counts for keys without one of their own.
    package let isDefault: Bool
    package let created: Date
    /// Keys that name the policy and are not revoked.
    package let keys: Int
}

/// The policies of keys, in the database of a ``KeyStore``.
package struct PolicyStore: Sendable {
    let access: StoreAccess

    private static let records = """
        SELECT p.*, (SELECT count(*) FROM api_key k WHERE k.policy = p.name AND k.revoked IS NULL) AS keys FROM policy p
        """

    package func create(
        _ name: String, limits: [Limit: Int] = [:], models: [ModelPattern]? = nil
    ) throws(StoreError) -> PolicyRecord {
        let name = try StoredText.referredName(name, of: "a policy's")
        let limits = try StoredText.limits(limits)
        let models = try StoredText.models(models)
        return try access.change { db, now in
            guard try Row.fetchOne(db, sql: "SELECT 1 FROM policy WHERE name = ?", arguments: [name]) == nil else {
                throw StoreError(.invalidValue, "there is a policy '\(name)' already")
            }
            try db.execute(
                sql: "INSERT INTO policy (name, limits, models, is_default, created) VALUES (?, ?, ?, 0, ?)",
                arguments: [name, StoredValue.text(limits), StoredValue.text(models), StoreTime.seconds(now)])
            let note = AuditNote("policy.create", name, ["limits": .init(limits), "models": .init(models)])
            return (try Self.record(name, in: db), note)
        }
    }

    /// All policies by name.
    package func list() throws(StoreError) -> [PolicyRecord] {
        try access.read { db in
            try Row.fetchAll(db, sql: "\(Self.records) ORDER BY p.name").map(Self.record(of:))
        }
    }

    /// - Throws: `notFound`.
    package func show(_ name: String) throws(StoreError) -> PolicyRecord {
        try access.read { db in try Self.record(name, in: db) }
    }

    /// - Parameter limits: Nil takes a limit away.
    package func update(
        _ name: String, limits: [Limit: Int?] = [:], models: FieldChange<[ModelPattern]> = .keep
    ) throws(StoreError) -> PolicyRecord {
        try access.change { db, _ in
            let old = try Self.record(name, in: db)
            let newLimits = try StoredText.limits(old.limits, changedBy: limits)
            let newModels = try StoredText.models(models.applied(to: old.models) { $0 })
            var note = AuditNote("policy.update", old.name)
            note.add("limits", from: .init(old.limits), to: .init(newLimits))
            note.add("models", from: .init(old.models), to: .init(newModels))
            guard note.tellsChanges else { return (old, nil) }
            try db.execute(
                sql: "UPDATE policy SET limits = ?, models = ? WHERE name = ?",
                arguments: [StoredValue.text(newLimits), StoredValue.text(newModels), old.name])
            return (try Self.record(name, in: db), note)
        }
    }

    /// Makes a policy the one of keys without their own; nil for none.
    package func makeDefault(_ name: String?) throws(StoreError) {
        try access.change { db, _ in
            let new = try name.map { try Self.record($0, in: db).name }
            let old = try String.fetchOne(db, sql: "SELECT name FROM policy WHERE is_default = 1")
            var note = AuditNote("policy.default", new ?? old ?? StoredText.reservedName)
            note.add("default", from: .init(old), to: .init(new))
            guard note.tellsChanges else { return ((), nil) }
            try db.execute(sql: "UPDATE policy SET is_default = 0 WHERE is_default = 1")
            try db.execute(sql: "UPDATE policy SET is_default = 1 WHERE name = ?", arguments: [new])
            return ((), note)
        }
    }

    /// Removes a policy. Revoked keys that name it stay, without a policy.
    ///
    /// - Throws: `inUse` for the default policy, and while keys name it that are not revoked.
    package func remove(_ name: String) throws(StoreError) {
        try access.change { db, _ in
            let policy = try Self.record(name, in: db)
            guard !policy.isDefault else {
                throw StoreError(
                    .inUse,
                    "'\(policy.name)' is the default policy; `pinion keys policy default` names another, or none")
            }
            guard policy.keys == 0 else {
                let keys = policy.keys == 1 ? "a key has" : "\(policy.keys) keys have"
                throw StoreError(
                    .inUse, "\(keys) the policy '\(policy.name)'; revoke or change what `pinion keys list` shows")
            }
            try db.execute(sql: "UPDATE api_key SET policy = NULL WHERE policy = ?", arguments: [policy.name])
            try db.execute(sql: "DELETE FROM policy WHERE name = ?", arguments: [policy.name])
            let note = AuditNote(
                "policy.remove", policy.name, ["limits": .init(policy.limits), "models": .init(policy.models)])
            return ((), note)
        }
    }

    static func record(_ name: String, in db: Database) throws -> PolicyRecord {
        // SQLite ends a text at its first zero byte; no name has one.
        let row =
            name.utf8.contains(0)
            ? nil : try Row.fetchOne(db, sql: "\(records) WHERE p.name = ?", arguments: [name])
        guard let row else {
            throw StoreError(
                .notFound, "no policy is called '\(ShownText.short(name))'; `pinion keys policy list` shows them")
        }
        return try record(of: row)
    }

    /// What the policy says that counts for keys without one of their own; nil where there is none.
    static func defaultTerms(in db: Database) throws -> (limits: Limits, models: [ModelPattern]?)? {
        let sql = "SELECT name, limits, models FROM policy WHERE is_default = 1"
        guard let row = try Row.fetchOne(db, sql: sql) else { return nil }
        let name: String = row[0]
        return (try StoredValue.limits(row[1], of: name), try StoredValue.models(row[2], of: name))
    }

    private static func record(of row: Row) throws -> PolicyRecord {
        let name: String = row["name"]
        return PolicyRecord(
            name: name, limits: try StoredValue.limits(row["limits"], of: name),
            models: try StoredValue.models(row["models"], of: name), isDefault: row["is_default"],
            created: StoreTime.date(row["created"]), keys: row["keys"])
    }
}
