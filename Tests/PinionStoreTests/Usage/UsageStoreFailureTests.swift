import Foundation
import GRDB
import PinionLedger
import PinionStore
import Testing

@Suite("A ledger's database that cannot be used")
struct UsageStoreFailureTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/data/usage.db" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("File, log and directory are readable by their owner only")
    func modes() throws {
        let store = try UsageStore(path: path)
        try store.fold([UsageRows.row("req_1")])
        #expect(try directory.mode(of: "data") == 0o700)
        for name in ["usage.db", "usage.db-wal", "usage.db-shm"] {
            #expect(try directory.mode(of: "data/" + name) == 0o600, "\(name)")
        }
    }

    @Test("A full disk fails the fold as a whole, and the same fold succeeds once there is room")
    func diskFull() throws {
        var rows = UsageRows(users: 10_000)
        let folds = (0..<40).map { _ in rows.next(100) }
        var folded = 0
        do {
            let store = try UsageStore(path: path, maximumBytes: 300_000)
            let error = #expect(throws: StoreError.self) {
                for fold in folds {
                    try store.fold(fold)
                    folded += 1
                }
            }
            #expect(error?.code == .diskFull)
            #expect(error?.message.contains(path) == true)
            #expect((1..<39).contains(folded))
            // What is there can be read, and a fold that repeats it needs no room.
            #expect(try store.fold(counting: folds[0]) == 0)
            #expect(try store.makeReader().report(.init()).total == Expected.total(Array(folds[..<folded].joined())))
            #expect(try store.makeReader().verify().differences == 0)
        }
        let store = try UsageStore(path: path)
        #expect(try store.fold(counting: Array(folds.joined())) == (40 - folded) * 100)
        #expect(try store.makeReader().report(.init()).total == Expected.total(Array(folds.joined())))
    }

    @Test("A file that is no database is refused by name and left as it is")
    func garbage() throws {
        try makeDataDirectory()
        let bytes = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try bytes.write(to: URL(fileURLWithPath: path))
        expectFailure(.damaged)
        #expect(throws: StoreError.self) { try UsageReader(path: path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    @Test("Another program's database, also that of the keys, is refused and not migrated")
    func foreign() throws {
        try makeDataDirectory()
        let keys = directory.path + "/data/pinion.db"
        _ = try KeyStore(path: keys)
        let error = #expect(throws: StoreError.self) { try UsageStore(path: keys) }
        #expect(error?.code == .damaged)
        #expect(try KeyStore(path: keys).list().isEmpty)
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE contacts (name TEXT)") }
        expectFailure(.damaged)
    }

    @Test("A database of a newer version is refused, by a reader too")
    func newerSchema() throws {
        try UsageStore(path: path).close()
        try DatabaseQueue(path: path).write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('from the future')")
        }
        expectFailure(.newerSchema)
        let error = #expect(throws: StoreError.self) { try UsageReader(path: path) }
        #expect(error?.code == .newerSchema)
    }

    @Test("Damaged pages are told as such by whatever reads them, and nothing traps")
    func damagedPages() throws {
        do {
            var rows = UsageRows(users: 5_000)
            let store = try UsageStore(path: path)
            try store.fold(rows.next(3_000))
            try store.close()
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var seen: Set<StoreError.Code> = []
        // From the second page on: without the first the file is no database.
        for offset in stride(from: 4_096, to: whole.count - 4_096, by: 3 * 4_096) {
            var bytes = whole
            bytes.replaceSubrange(offset..<offset + 4_096, with: Data(repeating: 0xA5, count: 4_096))
            try bytes.write(to: URL(fileURLWithPath: path))
            var rows = UsageRows(seed: 2, users: 5_000)
            do {
                let store = try UsageStore(path: path)
                try store.fold(rows.next(100))
                _ = try store.spent(by: .key("key_1"), on: UsageRows.calendarDay(UsageRows.firstDay))
                _ = try store.makeReader().verify()
            } catch {
                seen.insert(error.code)
            }
        }
        #expect(seen == [.damaged])
    }

    @Test("Without a database a reader says that there is none, and makes none")
    func missing() throws {
        let error = #expect(throws: StoreError.self) { try UsageReader(path: path) }
        #expect(error?.code == .notFound)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A directory where the database should be is an error that says so")
    func directoryInPlaceOfFile() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        expectFailure(.unavailable)
    }

    @Test("What a killed server left in its log is read, and goes on to count")
    func killed() throws {
        let store = try UsageStore(path: path)
        var rows = UsageRows()
        let (first, second) = (rows.next(80), rows.next(20))
        try store.fold(first)
        // The files as they lie on the disk while the store is open, without the memory that it shares.
        let copy = directory.path + "/copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for name in ["usage.db", "usage.db-wal"] {
            try FileManager.default.copyItem(
                atPath: directory.path + "/data/" + name, toPath: copy + "/" + name)
        }
        #expect(try UsageReader(path: copy + "/usage.db").report(.init()).total == Expected.total(first))
        let revived = try UsageStore(path: copy + "/usage.db")
        #expect(try revived.fold(counting: first + second) == 20)
        #expect(try revived.makeReader().verify().differences == 0)
    }

    @Test("A schema of an older version is copied, then brought up to date; until then it is not read")
    func migration() throws {
        try UsageStore(path: path).close()
        try DatabaseQueue(path: path).write { db in
            try db.execute(
                sql: "DROP TABLE daily; DROP TABLE spent; DELETE FROM grdb_migrations WHERE identifier = 'sums'")
        }
        let error = #expect(throws: StoreError.self) { try UsageReader(path: path) }
        #expect(error?.message.contains("older version") == true)
        let store = try UsageStore(path: path)
        try store.fold([UsageRows.row("req_1")])
        #expect(try directory.mode(of: "data/usage.db.before-sums") == 0o600)
        let tables = try DatabaseQueue(path: path + ".before-sums").read {
            try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
        #expect(tables.contains("usage") && !tables.contains("daily"))
    }

    @Test("Network file systems are told by the mount that is nearest above the file")
    func mounts() {
        let mounts = """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            40 22 0:50 / /srv/team\\040files rw - nfs4 host:/files rw
            41 40 0:51 / /srv/team\\040files/local rw - xfs /dev/sdb rw
            42 22 0:52 / /home/a rw shared:9 master:1 - fuse.sshfs host: rw
            43 22 0:53 / /hidden rw - nfs host:/ rw
            44 43 0:54 / /hidden rw - tmpfs tmpfs rw
            broken line
            """
        let expected = [
            "/var/lib/pinion": "ext4", "/srv/team files": "nfs4", "/srv/team files/x/y": "nfs4",
            "/srv/team filesystem": "ext4", "/srv/team files/local/x": "xfs", "/home/a/b": "fuse.sshfs",
            "/home/ab": "ext4", "/hidden/x": "tmpfs", "/": "ext4",
        ]
        for (path, kind) in expected { #expect(FileSystem.kind(of: path, mounts: mounts) == kind, "\(path)") }
        #expect(FileSystem.kind(of: "/x", mounts: "") == nil)
        #expect(FileSystem.network(at: directory.path) == nil)
    }

    private func makeDataDirectory() throws {
        try FileManager.default.createDirectory(atPath: directory.path + "/data", withIntermediateDirectories: true)
    }

    private func expectFailure(_ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try UsageStore(path: path) }
        #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
        #expect(error?.message.contains(path) == true, sourceLocation: sourceLocation)
        #expect(error?.message.contains("\n") == false, sourceLocation: sourceLocation)
    }
}
