import Foundation
import GRDB
import PinionLedger

/// The rows of keys and of their secrets.
enum KeyTable {
    /// Of a key's secrets the newest alone has no end.
    private static let records = """
        SELECT \(KeyRecord.columns),
            (SELECT s.prefix FROM key_secret s WHERE s.key = k.id AND s.expires IS NULL) AS prefix
        FROM api_key k
        """

    static func all(_ db: Database) throws -> [KeyRecord] {
        try Row.fetchAll(db, sql: "\(records) ORDER BY k.created, k.id").map(KeyRecord.init(row:))
    }

    static func record(_ id: String, in db: Database) throws -> KeyRecord? {
        try Row.fetchOne(db, sql: "\(records) WHERE k.id = ?", arguments: [id]).map(KeyRecord.init(row:))
    }

    /// The one key that a reference means.
    static func find(_ reference: String, in db: Database, path: String) throws -> KeyRecord {
        let reference = KeyReference(reference)
        let found = try Row.fetchAll(
            db,
            sql: """
                \(records)
                WHERE k.id = ?1 OR k.id IN (SELECT key FROM key_secret WHERE prefix = ?1 OR digest = ?2)
                    OR (?3 AND substr(k.id, 1, length(?1)) = ?1)
                ORDER BY k.created, k.id
                """,
            arguments: [reference.text, reference.digest, reference.mayBeginIdentifier]
        ).map(KeyRecord.init(row:))
        return try reference.choose(from: found, path: path)
    }

    static func details(of record: KeyRecord, at now: Date, in db: Database) throws -> KeyDetails {
        guard let stored = try StoredAccount(key: record.id, at: now, in: db),
            let row = try Row.fetchOne(
                db, sql: "SELECT limits, models, metadata FROM api_key WHERE id = ?", arguments: [record.id])
        else { throw DamagedValue("the key \(record.id) is found and not found") }
        let secrets = try Row.fetchAll(
            db,
            sql: """
                SELECT prefix, created, expires FROM key_secret WHERE key = ?
                ORDER BY expires IS NOT NULL, created DESC, expires DESC, digest
                """,
            arguments: [record.id])
        return KeyDetails(
            record: record, limits: try StoredValue.limits(row["limits"], of: record.id),
            models: try StoredValue.models(row["models"], of: record.id),
            metadata: try StoredValue.metadata(row["metadata"], of: record.id),
            secrets: secrets.map {
                KeyDetails.Secret(
                    prefix: $0["prefix"], created: StoreTime.date($0["created"]),
                    expires: ($0["expires"] as Int64?).map(StoreTime.date))
            },
            increases: stored.increases, policy: stored.policy, account: stored.account)
    }
}
