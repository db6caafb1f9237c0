import GRDB

/// The tables of the store, as the steps that made them; a step is never changed once it was published.
enum StoreMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("keys", migrate: keys)
        return migrator
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
}
