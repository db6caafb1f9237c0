import Foundation
import GRDB
import PinionLedger

/// Changes of keys, each with the note that the audit trail keeps of it.
extension KeyTable {
    private static let identifierLetters = 16

    static func create(
        name: String, _ terms: KeyTerms, at now: Date, in db: Database
    ) throws -> (result: IssuedKey, note: AuditNote?) {
        let name = try StoredText.name(name, of: "a key's")
        let limits = try StoredText.limits(terms.limits)
        let models = try StoredText.models(terms.models)
        let metadata = try StoredText.metadata(terms.metadata)
        let expires = try terms.expires.map { try StoreTime.end($0, after: now) }
        let owner = try terms.owner.map { try OwnerStore.record($0, at: now, in: db).name }
        let policy = try terms.policy.map { try PolicyStore.record($0, in: db).name }
        let secret = KeySecret.make()
        let record = KeyRecord(
            id: KeyReference.identifierMarker + KeySecret.letters(identifierLetters), name: name,
            prefix: KeySecret.prefix(of: secret), created: StoreTime.date(StoreTime.seconds(now)), owner: owner,
            policy: policy, expires: expires)
        try db.execute(
            sql: """
                INSERT INTO api_key (id, name, owner, policy, limits, models, metadata, created, expires)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.id, name, owner, policy, StoredValue.text(limits), StoredValue.text(models),
                StoredValue.text(metadata), StoreTime.seconds(now), expires.map(StoreTime.seconds),
            ])
        try addSecret(secret, to: record.id, at: now, in: db)
        let note = AuditNote(
            "key.create", record.id,
            [
                "name": .init(name), "owner": .init(owner), "policy": .init(policy), "limits": .init(limits),
                "models": .init(models), "expires": .init(expires), "metadata": .init(metadata),
            ])
        return (IssuedKey(record: record, secret: secret), note)
    }

    static func update(
        _ record: KeyRecord, _ update: KeyUpdate, at now: Date, in db: Database
    ) throws -> (result: KeyDetails, note: AuditNote?) {
        let old = try details(of: record, at: now, in: db)
        let name = try update.name.map { try StoredText.name($0, of: "a key's") } ?? record.name
        let owner = try update.owner.applied(to: record.owner) { try OwnerStore.record($0, at: now, in: db).name }
        let policy = try update.policy.applied(to: record.policy) { try PolicyStore.record($0, in: db).name }
        let expires = try update.expires.applied(to: record.expires) { try StoreTime.end($0, after: now) }
        let limits = try StoredText.limits(old.limits, changedBy: update.limits)
        let models = try StoredText.models(update.models.applied(to: old.models) { $0 })
        let metadata = try StoredText.metadata(old.metadata, changedBy: update.metadata)
        var note = AuditNote("key.update", record.id)
        note.add("name", from: .init(record.name), to: .init(name))
        note.add("owner", from: .init(record.owner), to: .init(owner))
        note.add("policy", from: .init(record.policy), to: .init(policy))
        note.add("limits", from: .init(old.limits), to: .init(limits))
        note.add("models", from: .init(old.models), to: .init(models))
        note.add("metadata", from: .init(old.metadata), to: .init(metadata))
        note.add("expires", from: .init(record.expires), to: .init(expires))
        guard note.tellsChanges else { return (old, nil) }
        try db.execute(
            sql: """
                UPDATE api_key SET name = ?, owner = ?, policy = ?, limits = ?, models = ?, metadata = ?, expires = ?
                WHERE id = ?
                """,
            arguments: [
                name, owner, policy, StoredValue.text(limits), StoredValue.text(models), StoredValue.text(metadata),
                expires.map(StoreTime.seconds), record.id,
            ])
        let updated = try Self.record(record.id, in: db) ?? record
        return (try details(of: updated, at: now, in: db), note)
    }

    static func rotate(
        _ record: KeyRecord, grace: Duration, at now: Date, in db: Database
    ) throws -> (result: IssuedKey, note: AuditNote?) {
        guard record.revoked == nil, !record.hasExpired(at: now) else {
            let state = record.revoked == nil ? "has expired" : "is revoked"
            throw StoreError(.invalidValue, "the key \(record.id) \(state): a new secret would be refused too")
        }
        let secret = KeySecret.make()
        let end = StoreTime.seconds(now) + grace.components.seconds
        try db.execute(
            sql: "DELETE FROM key_secret WHERE key = ? AND expires <= ?",
            arguments: [record.id, StoreTime.seconds(now)])
        try db.execute(
            sql: "UPDATE key_secret SET expires = min(coalesce(expires, ?1), ?1) WHERE key = ?2",
            arguments: [end, record.id])
        try addSecret(secret, to: record.id, at: now, in: db)
        let note = AuditNote(
            "key.rotate", record.id,
            ["prefix": .init(KeySecret.prefix(of: secret)), "old_secrets_end": .init(StoreTime.date(end))])
        return (IssuedKey(record: try Self.record(record.id, in: db) ?? record, secret: secret), note)
    }

    static func revoke(_ record: KeyRecord, at now: Date, in db: Database) throws -> (KeyRecord, AuditNote?) {
        guard record.revoked == nil else { return (record, nil) }
        try db.execute(
            sql: "UPDATE api_key SET revoked = ? WHERE id = ?", arguments: [StoreTime.seconds(now), record.id])
        return (try Self.record(record.id, in: db) ?? record, AuditNote("key.revoke", record.id))
    }

    static func increase(
        _ record: KeyRecord, _ amounts: [Limit: Int], until end: Date, at now: Date, in db: Database
    ) throws -> (result: KeyDetails, note: AuditNote?) {
        let limits = try details(of: record, at: now, in: db).account.limits
        let note = try Increase.add(amounts, until: end, to: .key(record.id), limits: limits, at: now, in: db)
        return (try details(of: record, at: now, in: db), note)
    }

    /// Adds a secret that is good from now on, and without an end.
    private static func addSecret(_ secret: String, to id: String, at now: Date, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO key_secret (digest, key, prefix, created) VALUES (?, ?, ?, ?)",
            arguments: [
                Data(KeySecret.digest(of: secret)), id, KeySecret.prefix(of: secret), StoreTime.seconds(now),
            ])
    }
}
