import Foundation
import GRDB
import PinionLedger

/// The schema of the usage database, as steps that only lead forward.
///
/// Texts are kept as the bytes of their UTF-8: SQLite ends a `TEXT` at its first zero byte, and two texts are the same here
/// only if their bytes are.
enum UsageMigrations {
    /// Brings a database to this version's schema. One that has rows is copied first, to `PATH.before-STEP`.
    ///
    /// - Throws: `newerSchema` when a newer version wrote the database, `unavailable` when it cannot be copied, or SQLite's own
    ///   errors.
    static func run(on queue: DatabaseQueue, path: String) throws {
        let (applied, pending) = try queue.read { db in
            if try migrator.hasBeenSuperseded(db) { throw StoreError.newerUsage(path) }
            let applied = Set(try migrator.appliedMigrations(db))
            return (applied, migrator.migrations.filter { !applied.contains($0) })
        }
        guard let next = pending.first else { return }
        if !applied.isEmpty { try copy(queue, to: "\(path).before-\(next)") }
        try migrator.migrate(queue)
    }

    /// Whether a reader of this version understands the database.
    static func check(_ db: Database, path: String) throws {
        if try migrator.hasBeenSuperseded(db) { throw StoreError.newerUsage(path) }
        guard try migrator.hasCompletedMigrations(db) else {
            throw StoreError(
                .unavailable,
                "the usage database \(path) was written by an older version of pinion; start the server once, "
                    + "which brings it up to date")
        }
    }

    /// Copies the database beside itself; a copy that an interrupted step left is written anew.
    private static func copy(_ queue: DatabaseQueue, to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        let made = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard made else {
            throw StoreError(.unavailable, "cannot copy the usage database to \(path) before it is brought up to date")
        }
        let target = try DatabaseQueue(path: path)
        try queue.backup(to: target)
        try target.close()
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        // No table refers to another by a foreign key, so that there is none to check.
        migrator = migrator.disablingDeferredForeignKeyChecks()
        migrator.registerMigration("rows") { try $0.execute(sql: rows) }
        migrator.registerMigration("sums") { try $0.execute(sql: sums) }
        migrator.registerMigration("currency") { try $0.execute(sql: currency) }
        return migrator
    }

    /// Rows are numbered as they are folded in, which is nearly the order of time: `day` keeps the numbers that a day's rows
    /// lie between, and no index of a million entries is needed to find them.
    private static let rows = """
        -- Texts that many rows share: keys, owners, models, routes.
        CREATE TABLE name (id INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE) STRICT;
        -- The requests' own `user`, apart from them because they are forgotten with their rows.
        CREATE TABLE client (id INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE price (
            id INTEGER PRIMARY KEY,
            input INTEGER NOT NULL,
            cached INTEGER NOT NULL,
            output INTEGER NOT NULL,
            UNIQUE (input, cached, output)
        ) STRICT;
        CREATE TABLE day (
            day INTEGER PRIMARY KEY,
            month INTEGER NOT NULL,
            -- Null once the day's rows were pruned.
            first_row INTEGER,
            last_row INTEGER
        ) STRICT;
        CREATE TABLE usage (
            id INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            day INTEGER NOT NULL,
            key INTEGER NOT NULL,
            owner INTEGER NOT NULL,
            model INTEGER NOT NULL,
            route INTEGER NOT NULL,
            client INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            input INTEGER NOT NULL,
            cached INTEGER NOT NULL,
            output INTEGER NOT NULL,
            reasoning INTEGER NOT NULL,
            cost INTEGER NOT NULL,
            price INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            status INTEGER NOT NULL,
            queued INTEGER NOT NULL,
            first_token INTEGER NOT NULL,
            run INTEGER NOT NULL,
            request BLOB NOT NULL UNIQUE,
            metadata BLOB
        ) STRICT;
        -- One row: the first day whose rows are whole.
        CREATE TABLE pruning (id INTEGER PRIMARY KEY CHECK (id = 0), whole_from INTEGER) STRICT;
        INSERT INTO pruning (id) VALUES (0);
        """

    private static let currency = """
        -- One row: what amounts are in.
        CREATE TABLE currency (id INTEGER PRIMARY KEY CHECK (id = 0), code TEXT NOT NULL) STRICT;
        INSERT INTO currency (id, code) VALUES (0, '\(Currency.initial.code)');
        """

    private static let sums = """
        -- What reports read, for good.
        CREATE TABLE daily (
            day INTEGER NOT NULL,
            key INTEGER NOT NULL,
            owner INTEGER NOT NULL,
            model INTEGER NOT NULL,
            route INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            requests INTEGER NOT NULL,
            input INTEGER NOT NULL,
            cached INTEGER NOT NULL,
            output INTEGER NOT NULL,
            reasoning INTEGER NOT NULL,
            cost INTEGER NOT NULL,
            PRIMARY KEY (day, key, owner, model, route, outcome)
        ) STRICT, WITHOUT ROWID;
        -- What budgets are held against.
        CREATE TABLE spent (
            scope INTEGER NOT NULL,
            name INTEGER NOT NULL,
            period INTEGER NOT NULL,
            number INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            money INTEGER NOT NULL,
            PRIMARY KEY (scope, name, period, number)
        ) STRICT, WITHOUT ROWID;
        """
}

extension StoreError {
    fileprivate static func newerUsage(_ path: String) -> StoreError {
        StoreError(
            .newerSchema,
            "the usage database \(path) was written by a newer version of pinion; use that version, or another --data-dir"
        )
    }
}
