import Crypto
import Foundation
import GRDB
import PinionLedger
import PinionStore
import Testing

@Suite("A database of an earlier version")
struct MigrationTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/pinion.db" }
    var copy: String { path + ".before-accounts" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Writes what the first version wrote: one table, and the name of its one migration.
    private func makeOld(keys: [(id: String, secret: String, revoked: Int?)]) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(
                sql: """
                    PRAGMA application_id = 1349086830;
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('keys');
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
            for key in keys {
                try db.execute(
                    sql: "INSERT INTO api_key VALUES (?, 'old', ?, ?, 1700000000, ?, 1700000001)",
                    arguments: [
                        key.id, String(key.secret.prefix(8)), Data(SHA256.hash(data: Data(key.secret.utf8))),
                        key.revoked,
                    ])
            }
        }
        try queue.close()
    }

    @Test("Its keys go on as they were, and its file is kept beside it")
    func keysStay() async throws {
        try makeOld(keys: [
            ("key_good000000000000", "pk-good" + String(repeating: "g", count: 39), nil),
            ("key_gone000000000000", "pk-gone" + String(repeating: "o", count: 39), 1_700_000_002),
        ])
        let store = try KeyStore(path: path)
        let good = try #require(try await store.authenticate("pk-good" + String(repeating: "g", count: 39)))
        #expect(good.id == "key_good000000000000" && good.name == "old" && good.prefix == "pk-goodg")
        #expect(good.created == Date(timeIntervalSince1970: 1_700_000_000))
        #expect(try await store.authenticate("pk-gone" + String(repeating: "o", count: 39)) == nil)
        #expect(try store.list().map(\.revoked) == [Date(timeIntervalSince1970: 1_700_000_002), nil])
        let account = try await store.account(ofKey: good.id)
        #expect(account?.limits.isEmpty == true && account?.owner == "" && account?.models == nil)
        #expect(try directory.mode(of: "pinion.db.before-accounts") == 0o600)
        // The copy is what the earlier version would open.
        let old = try await DatabaseQueue(path: copy).read { db in
            (
                try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations"),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM api_key WHERE length(digest) = 32"),
                try Int.fetchOne(db, sql: "PRAGMA application_id")
            )
        }
        #expect(old.0 == ["keys"] && old.1 == 2 && old.2 == 1_349_086_830)
    }

    @Test("Cached prices that were stored without being set follow the input price, and others stay")
    func cachedPrices() async throws {
        _ = try KeyStore(path: path)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(
                sql: """
                    DELETE FROM grdb_migrations WHERE identifier = 'cached-price';
                    DROP TABLE model_terms;
                    CREATE TABLE model_terms (
                        pattern TEXT NOT NULL PRIMARY KEY,
                        input_price INTEGER NOT NULL,
                        cached_price INTEGER NOT NULL,
                        output_price INTEGER NOT NULL,
                        limits TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    INSERT INTO model_terms VALUES ('follows', 10, 10, 30, '{}'), ('set', 10, 1, 30, '{}');
                    """)
        }
        try queue.close()
        let store = try KeyStore(path: path)
        #expect(try await store.terms(ofModel: "set").prices == Prices(input: 10, cachedInput: 1, output: 30))
        #expect(try await store.terms(ofModel: "follows").prices == Prices(input: 10, cachedInput: 10, output: 30))
        #expect(try store.models.list().map(\.cachedPrice) == [nil, 1])
        #expect(try directory.mode(of: "pinion.db.before-cached-price") == 0o600)
    }

    @Test("A new database is not copied, and a current one is not copied again")
    func noNeedlessCopy() throws {
        _ = try KeyStore(path: path)
        _ = try KeyStore(path: path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["pinion.db"])
    }

    @Test("A copy that cannot be made leaves the database as it is")
    func copyFails() throws {
        try makeOld(keys: [("key_good000000000000", "pk-good", nil)])
        let before = try Data(contentsOf: URL(filePath: path))
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: copy + "/in the way"))
        let error = #expect(throws: StoreError.self) { try KeyStore(path: path) }
        #expect(error?.code == .unavailable && error?.message.contains(copy) == true, "\(String(describing: error))")
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        try FileManager.default.removeItem(atPath: copy)
        #expect(try KeyStore(path: path).list().count == 1)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
                == ["pinion.db", "pinion.db.before-accounts"])
    }

    @Test("A copy that an earlier try left half written is made anew")
    func halfCopy() throws {
        try makeOld(keys: [("key_good000000000000", "pk-good", nil)])
        try Data("half".utf8).write(to: URL(filePath: copy + ".part"))
        #expect(try KeyStore(path: path).list().count == 1)
        #expect(!FileManager.default.fileExists(atPath: copy + ".part"))
    }

    @Test("A backup of an earlier version that is put in the place of an open database is brought up to date")
    func restoredWhileOpen() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "new")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        try makeOld(keys: [("key_good000000000000", "pk-good", nil)])
        #expect(try await store.authenticate("pk-good")?.id == "key_good000000000000")
        #expect(try await store.authenticate(issued.secret) == nil)
    }
}
