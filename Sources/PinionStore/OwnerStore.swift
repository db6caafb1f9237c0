package import Foundation
import GRDB
package import PinionLedger

/// An owner of keys, such as a team: its keys share its limits.
package struct OwnerRecord: Sendable, Equatable {
    package let name: String
    /// The limits that are set, without increases.
    package let limits: Limits
    package let metadata: [String: String]
    package let created: Date
    /// Increases that have not ended.
    package let increases: [Increase]
    /// Keys of the owner that are not revoked.
    package let keys: Int
}

/// The owners of keys, in the database of a ``KeyStore``.
package struct OwnerStore: Sendable {
    let access: StoreAccess

    private static let records = """
        SELECT o.*, (SELECT count(*) FROM api_key k WHERE k.owner = o.name AND k.revoked IS NULL) AS keys,
            (\(Increase.texts(of: "owner", named: "o.name"))) AS increases
        FROM owner o
        """

    package func create(
        _ name: String, limits: [Limit: Int] = [:], metadata: [String: String] = [:]
    ) throws(StoreError) -> OwnerRecord {
        let name = try StoredText.referredName(name, of: "an owner's")
        let limits = try StoredText.limits(limits)
        let metadata = try StoredText.metadata(metadata)
        return try access.change { db, now in
            guard try Row.fetchOne(db, sql: "SELECT 1 FROM owner WHERE name = ?", arguments: [name]) == nil else {
                throw StoreError(.invalidValue, "there is an owner '\(name)' already")
            }
            try db.execute(
                sql: "INSERT INTO owner (name, limits, metadata, created) VALUES (?, ?, ?, ?)",
                arguments: [
                    name, StoredValue.text(limits), StoredValue.text(metadata), StoreTime.seconds(now),
                ])
            let note = AuditNote(
                "owner.create", name, ["limits": .init(limits), "metadata": .init(metadata)])
            return (try Self.record(name, at: now, in: db), note)
        }
    }

    /// All owners by name.
    package func list() throws(StoreError) -> [OwnerRecord] {
        let now = access.clock()
        return try access.read { db in
            try Row.fetchAll(
                db, sql: "\(Self.records) ORDER BY o.name", arguments: [nil, StoreTime.seconds(now)]
            ).map(Self.record(of:))
        }
    }

    /// - Throws: `notFound`.
    package func show(_ name: String) throws(StoreError) -> OwnerRecord {
        let now = access.clock()
        return try access.read { db in try Self.record(name, at: now, in: db) }
    }

    /// - Parameters:
    ///   - limits: Nil takes a limit away.
    ///   - metadata: Nil takes a pair away.
    package func update(
        _ name: String, limits: [Limit: Int?] = [:], metadata: [String: String?] = [:]
    ) throws(StoreError) -> OwnerRecord {
        try access.change { db, now in
            let old = try Self.record(name, at: now, in: db)
            let newLimits = try StoredText.limits(old.limits, changedBy: limits)
            let newMetadata = try StoredText.metadata(old.metadata, changedBy: metadata)
            var note = AuditNote("owner.update", old.name)
            note.add("limits", from: .init(old.limits), to: .init(newLimits))
            note.add("metadata", from: .init(old.metadata), to: .init(newMetadata))
            guard note.tellsChanges else { return (old, nil) }
            try db.execute(
                sql: "UPDATE owner SET limits = ?, metadata = ? WHERE name = ?",
                arguments: [StoredValue.text(newLimits), StoredValue.text(newMetadata), old.name])
            return (try Self.record(name, at: now, in: db), note)
        }
    }

    /// Raises limits of an owner until a time.
    package func increase(
        _ name: String, _ amounts: [Limit: Int], until end: Date
    ) throws(StoreError) -> OwnerRecord {
        try access.change { db, now in
            let owner = try Self.record(name, at: now, in: db)
            let note = try Increase.add(
                amounts, until: end, to: .owner(owner.name), limits: owner.limits, at: now, in: db)
            return (try Self.record(name, at: now, in: db), note)
        }
    }

    /// Removes an owner. Revoked keys of it stay, without an owner.
    ///
    /// - Throws: `inUse` while keys belong to it that are not revoked.
    package func remove(_ name: String) throws(StoreError) {
        try access.change { db, now in
            let owner = try Self.record(name, at: now, in: db)
            guard owner.keys == 0 else {
                let keys = owner.keys == 1 ? "a key belongs" : "\(owner.keys) keys belong"
                throw StoreError(
                    .inUse, "\(keys) to the owner '\(owner.name)'; revoke or change what `pinion keys list` shows")
            }
            try db.execute(sql: "UPDATE api_key SET owner = NULL WHERE owner = ?", arguments: [owner.name])
            try Increase.remove(of: .owner(owner.name), in: db)
            try db.execute(sql: "DELETE FROM owner WHERE name = ?", arguments: [owner.name])
            return ((), AuditNote("owner.remove", owner.name, ["limits": .init(owner.limits)]))
        }
    }

    static func record(_ name: String, at now: Date, in db: Database) throws -> OwnerRecord {
        // SQLite ends a text at its first zero byte; no name has one.
        let row =
            name.utf8.contains(0)
            ? nil
            : try Row.fetchOne(
                db, sql: "\(records) WHERE o.name = ?1", arguments: [name, StoreTime.seconds(now)])
        guard let row else {
            throw StoreError(
                .notFound, "no owner is called '\(ShownText.short(name))'; `pinion owners list` shows them")
        }
        return try record(of: row)
    }

    private static func record(of row: Row) throws -> OwnerRecord {
        let name: String = row["name"]
        return OwnerRecord(
            name: name, limits: try StoredValue.limits(row["limits"], of: name),
            metadata: try StoredValue.metadata(row["metadata"], of: name), created: StoreTime.date(row["created"]),
            increases: try Increase.all(row["increases"], of: name), keys: row["keys"])
    }
}
