import Foundation
import GRDB

/// The tables of the store, as the steps that made them; a step is never changed once it was published.
///
/// The steps only go forward. An older program refuses a database that a newer one has stepped on, and the copy which
/// ``backUp(_:path:)`` leaves is the way back.
enum StoreMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("keys", migrate: keys)
        migrator.registerMigration("accounts", migrate: accounts)
        migrator.registerMigration("cached-price", migrate: cachedPrice)
        return migrator
    }

    /// Copies a database that steps are missing in to `PATH.before-STEP`, readable by its owner only; a new database is
    /// not copied. An earlier copy of the same name is replaced, once the new one is whole.
    ///
    /// - Throws: When the copy cannot be made. The database must then stay as it is.
    static func backUp(_ db: Database, path: String) throws {
        let applied = try migrator.appliedIdentifiers(db)
        guard !applied.isEmpty, let next = migrator.migrations.first(where: { !applied.contains($0) }) else { return }
        let copy = "\(path).before-\(next)"
        let draft = copy + ".part"
        unlink(draft)
        // SQLite would make the file readable to others; it takes one that is there and empty.
        let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(copy) }
        defer { close(descriptor) }
        do {
            try db.execute(sql: "VACUUM INTO ?", arguments: [draft])
            guard fsync(descriptor) == 0, rename(draft, copy) == 0 else { throw unwritable(copy) }
        } catch {
            unlink(draft)
            throw error
        }
    }

    private static func unwritable(_ copy: String) -> StoreError {
        let reason = String(cString: strerror(errno))
        return StoreError(.unavailable, "cannot write \(copy), the copy of the database before its change: \(reason)")
    }

    @Sendable private static func keys(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE api_key (
                    id TEXT NOT NULL PRIMARY KEY,
                    name TEXT NOT NULL,
                    prefix TEXT NOT NULL,
                    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
                    created INTEGER NOT NULL,
                    revoked INTEGER,
                    last_used INTEGER
                ) STRICT, WITHOUT ROWID;
                """)
    }

    /// A price of cached tokens may be missing; the price of other tokens of the prompt counts then.
    ///
    /// Before, it was stored as that price was at the time. A price that equals it is therefore taken for one that nobody set.
    @Sendable private static func cachedPrice(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE new_model_terms (
                    pattern TEXT NOT NULL PRIMARY KEY,
                    input_price INTEGER NOT NULL,
                    cached_price INTEGER,
                    output_price INTEGER NOT NULL,
                    limits TEXT NOT NULL
                ) STRICT, WITHOUT ROWID;
                INSERT INTO new_model_terms (pattern, input_price, cached_price, output_price, limits)
                    SELECT pattern, input_price, nullif(cached_price, input_price), output_price, limits FROM model_terms;
                DROP TABLE model_terms;
                ALTER TABLE new_model_terms RENAME TO model_terms;
                """)
    }

    /// Owners, policies, several secrets a key, and who changed what. Foreign keys are checked at the end of a step.
    ///
    /// Limits, patterns and metadata are texts that ``StoredValue`` reads: not a column for each limit, because a new limit
    /// would then be a migration of three tables.
    @Sendable private static func accounts(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE owner (
                    name TEXT NOT NULL PRIMARY KEY,
                    limits TEXT NOT NULL,
                    metadata TEXT NOT NULL,
                    created INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE policy (
                    name TEXT NOT NULL PRIMARY KEY,
                    limits TEXT NOT NULL,
                    models TEXT,
                    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
                    created INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE UNIQUE INDEX default_policy ON policy (is_default) WHERE is_default = 1;
                CREATE TABLE new_api_key (
                    id TEXT NOT NULL PRIMARY KEY,
                    name TEXT NOT NULL,
                    owner TEXT REFERENCES owner (name),
                    policy TEXT REFERENCES policy (name),
                    limits TEXT NOT NULL,
                    models TEXT,
                    metadata TEXT NOT NULL,
                    created INTEGER NOT NULL,
                    expires INTEGER,
                    revoked INTEGER,
                    last_used INTEGER
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE key_secret (
                    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
                    key TEXT NOT NULL REFERENCES api_key (id) ON UPDATE CASCADE ON DELETE CASCADE,
                    prefix TEXT NOT NULL,
                    created INTEGER NOT NULL,
                    expires INTEGER
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX key_secret_key ON key_secret (key);
                INSERT INTO new_api_key (id, name, limits, metadata, created, revoked, last_used)
                    SELECT id, name, '{}', '{}', created, revoked, last_used FROM api_key;
                INSERT INTO key_secret (digest, key, prefix, created)
                    SELECT digest, id, prefix, created FROM api_key;
                DROP TABLE api_key;
                ALTER TABLE new_api_key RENAME TO api_key;
                CREATE INDEX api_key_owner ON api_key (owner) WHERE owner IS NOT NULL;
                CREATE INDEX api_key_policy ON api_key (policy) WHERE policy IS NOT NULL;
                CREATE TABLE increase (
                    id INTEGER PRIMARY KEY,
                    scope TEXT NOT NULL,
                    name TEXT NOT NULL,
                    limited TEXT NOT NULL,
                    amount INTEGER NOT NULL,
                    until INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX increase_scope ON increase (scope, name);
                CREATE TABLE model_terms (
                    pattern TEXT NOT NULL PRIMARY KEY,
                    input_price INTEGER NOT NULL,
                    cached_price INTEGER NOT NULL,
                    output_price INTEGER NOT NULL,
                    limits TEXT NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE audit (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    time INTEGER NOT NULL,
                    actor TEXT NOT NULL,
                    action TEXT NOT NULL,
                    subject TEXT NOT NULL,
                    detail TEXT NOT NULL
                ) STRICT;
                """)
    }
}
