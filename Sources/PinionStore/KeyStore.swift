import Crypto
package import Foundation
import GRDB
package import PinionLedger

/// The API keys of a data directory, in SQLite, with the owners, policies and models that they refer to.
///
/// Several processes may use one file at once. Nothing is cached: each ``authenticate(_:)`` and ``account(ofKey:)`` reads
/// the last committed state of the file that lies at ``path`` then, so a key revoked by another process is refused from
/// the next request on, also after the file was replaced by a copy of it. While there is no file, nobody is authenticated.
package final class KeyStore: Sendable {
    /// Time between two writes of one key's `lastUsed`, so that authenticating stays a read.
    package static let lastUsedGranularity = Duration.seconds(60)
    package static let maximumNameLength = StoredText.maximumNameLength
    /// Longest time for which the old secrets of a rotated key stay good.
    package static let maximumGrace = Duration.seconds(366 * 86_400)

    package var path: String { access.path }
    private let access: StoreAccess
    private let uses: UseNotes

    /// Opens the database at `path`, creating file and directory where they are missing.
    ///
    /// - Parameters:
    ///   - actor: Whom the audit trail names for changes.
    ///   - clock: The wall clock, which ends are compared with.
    /// - Throws: `unavailable`, `damaged`, `newerSchema` or `busy`; the message names the file.
    package init(
        path: String, actor: String = OperatingUser.name, clock: @escaping @Sendable () -> Date = { Date() }
    ) throws(StoreError) {
        let connection = try StoreConnection(path: path)
        access = StoreAccess(connection: connection, clock: clock, actor: actor)
        uses = UseNotes(connection: connection)
    }

    package var owners: OwnerStore { OwnerStore(access: access) }
    package var policies: PolicyStore { PolicyStore(access: access) }
    package var models: ModelTermsStore { ModelTermsStore(access: access) }

    /// Makes a key. Its secret exists only in the returned value.
    package func create(name: String, _ terms: KeyTerms = KeyTerms()) throws(StoreError) -> IssuedKey {
        try access.change { db, now in try KeyTable.create(name: name, terms, at: now, in: db) }
    }

    /// All keys, revoked ones included, oldest first.
    package func list() throws(StoreError) -> [KeyRecord] {
        try access.read(KeyTable.all)
    }

    /// What keys are called, by their identifiers, revoked keys included; identifiers of no key are left out.
    package func names(ofKeys identifiers: [String]) throws(StoreError) -> [String: String] {
        try access.read { db in
            let statement = try db.cachedStatement(sql: "SELECT name FROM api_key WHERE id = ?")
            return try identifiers.reduce(into: [:]) { names, id in
                names[id] = try String.fetchOne(statement, arguments: [id])
            }
        }
    }

    /// The key with this identifier or beginning of it, prefix or secret.
    ///
    /// - Throws: `notFound`; `ambiguous` when the reference stands for several keys.
    package func show(_ reference: String) throws(StoreError) -> KeyDetails {
        let now = access.clock()
        return try access.read { db in
            try KeyTable.details(of: KeyTable.find(reference, in: db, path: path), at: now, in: db)
        }
    }

    /// Changes what is set for a key. Its secrets stay as they are.
    package func update(_ reference: String, _ update: KeyUpdate) throws(StoreError) -> KeyDetails {
        try access.change { db, now in
            try KeyTable.update(KeyTable.find(reference, in: db, path: path), update, at: now, in: db)
        }
    }

    /// Gives a key a new secret. The secrets before it stay good until `grace` has gone by, or until the ends that earlier
    /// rotations set.
    ///
    /// - Throws: `invalidValue` for a key that is revoked or has expired, whose new secret would be refused as well.
    package func rotate(_ reference: String, grace: Duration = .zero) throws(StoreError) -> IssuedKey {
        guard (.zero...Self.maximumGrace).contains(grace) else {
            throw StoreError(
                .invalidValue,
                "the grace is \(grace.components.seconds) seconds, expected 0 to "
                    + "\(Self.maximumGrace.components.seconds), which is 366 days")
        }
        return try access.change { db, now in
            try KeyTable.rotate(KeyTable.find(reference, in: db, path: path), grace: grace, at: now, in: db)
        }
    }

    /// Revokes the key with this identifier or beginning of it, prefix or secret, with all of its secrets; revoking twice
    /// keeps the first time.
    ///
    /// - Throws: `notFound`; `ambiguous` when the reference stands for several keys.
    package func revoke(_ reference: String) throws(StoreError) -> KeyRecord {
        try access.change { db, now in
            try KeyTable.revoke(KeyTable.find(reference, in: db, path: path), at: now, in: db)
        }
    }

    /// Raises limits of a key until a time.
    ///
    /// - Throws: `invalidValue` for a limit that neither the key nor its policy has.
    package func increase(
        _ reference: String, _ amounts: [Limit: Int], until end: Date
    ) throws(StoreError) -> KeyDetails {
        try access.change { db, now in
            try KeyTable.increase(
                KeyTable.find(reference, in: db, path: path), amounts, until: end, at: now, in: db)
        }
    }

    /// The latest changes of keys, owners, policies and models, oldest first.
    package func audit(last count: Int) throws(StoreError) -> [AuditEntry] {
        try access.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM audit ORDER BY id DESC LIMIT ?", arguments: [max(count, 0)])
                .map(AuditEntry.init(row:)).reversed()
        }
    }

    /// The key this secret is, unless it is revoked or the key or the secret has ended.
    ///
    /// - Throws: When the database cannot be read. The caller must then refuse: an unreadable store authenticates nobody.
    package func authenticate(_ secret: String) async throws(StoreError) -> KeyRecord? {
        guard secret.utf8.count <= KeySecret.maximumLength else { return nil }
        let digest = KeySecret.digest(of: secret)
        let found = try await access.readOnce { db in try Self.key(ofSecret: digest, in: db) }
        let now = access.clock()
        guard let found, found.key.revoked == nil, !found.key.hasExpired(at: now),
            found.secretExpires.map({ now < $0 }) ?? true
        else { return nil }
        uses.note(found.key.id, at: now)
        return found.key
    }

    /// The key that has this secret, also one that is revoked or has ended.
    package func holder(ofSecret secret: String) throws(StoreError) -> KeyRecord? {
        let digest = KeySecret.digest(of: secret)
        return try access.read { db in try Self.key(ofSecret: digest, in: db)?.key }
    }

    private static func key(
        ofSecret digest: SHA256Digest, in db: Database
    ) throws -> (key: KeyRecord, secretExpires: Date?)? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT s.digest, s.expires AS secret_expires, s.prefix, \(KeyRecord.columns)
                FROM key_secret s JOIN api_key k ON k.id = s.key WHERE s.digest = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [Data(digest)]) else { return nil }
        // The index found it by its bytes; this comparison is the one that decides, and takes constant time.
        let stored: Data = row[0]
        guard digest == stored else { return nil }
        return (KeyRecord(row: row), (row[1] as Int64?).map(StoreTime.date))
    }

    /// What a key may do now, by its identifier; nil for a key that is not there or is revoked.
    ///
    /// Its end is in the account: ``authenticate(_:)`` refuses a key that has ended.
    ///
    /// - Throws: When the database cannot be read, or holds a value that is no limit. The caller must then refuse.
    package func account(ofKey id: String) async throws(StoreError) -> Account? {
        let now = access.clock()
        return try await access.readOnce { db in
            guard let stored = try StoredAccount(key: id, at: now, in: db), !stored.revoked else { return nil }
            return stored.account
        }
    }

    /// What a key may do that is not in the store: what the default policy says, which may be nothing.
    ///
    /// - Throws: As ``account(ofKey:)``.
    package func account(ofUnstoredKey id: String) async throws(StoreError) -> Account {
        try await access.readOnce { db in
            guard let policy = try PolicyStore.defaultTerms(in: db) else { return Account(key: id) }
            return Account(key: id, limits: policy.limits, models: policy.models)
        }
    }

    /// What is set for a model, by its id; free and without limits when nothing is.
    package func terms(ofModel id: String) async throws(StoreError) -> ModelTerms {
        try await access.readOnce { db in try ModelTermsStore.terms(of: id, in: db) }
    }
}
