import Foundation
import GRDB
import PinionStore
import Testing

@Suite("A store that cannot be used")
struct KeyStoreFailureTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/data/pinion.db" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("File and directory are readable by their owner only")
    func modes() throws {
        let store = try KeyStore(path: path)
        _ = try store.create(name: "k")
        #expect(try directory.mode(of: "data") == 0o700)
        #expect(try directory.mode(of: "data/pinion.db") == 0o600)
    }

    @Test("A file that others may read is tightened")
    func tightened() throws {
        _ = try KeyStore(path: path)
        #expect(chmod(path, 0o644) == 0)
        _ = try KeyStore(path: path)
        #expect(try directory.mode(of: "data/pinion.db") == 0o600)
    }

    @Test("A file that is no database is refused by name and left as it is")
    func garbage() throws {
        try makeDataDirectory()
        let bytes = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try bytes.write(to: URL(fileURLWithPath: path))
        expectFailure(.damaged)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    @Test("A database with a damaged page is refused by name")
    func damagedPage() throws {
        do {
            let store = try KeyStore(path: path)
            for _ in 0..<200 { _ = try store.create(name: "some key with a name") }
        }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let size = try file.seekToEnd()
        #expect(size > 16384)
        for offset in stride(from: UInt64(4096), to: size, by: 4096) {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 2048))
        }
        try file.close()
        expectFailure(.damaged)
    }

    @Test("A truncated database is refused by name")
    func truncated() throws {
        _ = try KeyStore(path: path).create(name: "k")
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.truncate(atOffset: 5000)
        try file.close()
        expectFailure(.damaged)
    }

    @Test("A database of a newer version is refused and left as it is")
    func newerSchema() throws {
        _ = try KeyStore(path: path)
        try DatabaseQueue(path: path).write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('from the future')")
        }
        expectFailure(.newerSchema)
    }

    @Test("Another program's database is refused and not migrated")
    func foreign() throws {
        try makeDataDirectory()
        let other = try DatabaseQueue(path: path)
        try other.write { try $0.execute(sql: "CREATE TABLE contacts (name TEXT)") }
        expectFailure(.damaged)
        let tables = try other.read { try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema") }
        #expect(tables == ["contacts"])
    }

    @Test("A file where the data directory should be is an error that says so")
    func fileInPlaceOfDirectory() throws {
        try Data().write(to: URL(fileURLWithPath: directory.path + "/data"))
        expectFailure(.unavailable)
    }

    @Test("A directory where the database should be is an error that says so")
    func directoryInPlaceOfFile() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        expectFailure(.unavailable)
    }

    @Test("A read-only database is an error", .enabled(if: geteuid() != 0, "the superuser may write everything"))
    func readOnly() throws {
        _ = try KeyStore(path: path)
        #expect(chmod(path, 0o400) == 0)
        expectFailure(.unavailable)
    }

    @Test("A prefix that stands for two keys revokes neither")
    func ambiguous() async throws {
        let store = try KeyStore(path: path)
        let keys = try (0..<2).map { _ in try store.create(name: "k") }
        try await DatabaseQueue(path: path).write { db in
            try db.execute(sql: "UPDATE key_secret SET prefix = 'pk-equal'")
        }
        let error = #expect(throws: StoreError.self) { try store.revoke("pk-equal") }
        #expect(error?.code == .ambiguous)
        for key in keys {
            #expect(error?.message.contains(key.record.id) == true)
            #expect(try await store.authenticate(key.secret) != nil)
        }
    }

    @Test("First letters that several keys share revoke none of them, and a bounded number of them is listed")
    func ambiguousBeginning() async throws {
        let store = try KeyStore(path: path)
        for _ in 0..<20 { _ = try store.create(name: "k") }
        try await DatabaseQueue(path: path).write { db in
            try db.execute(sql: "UPDATE api_key SET id = 'key_same' || substr(id, 5)")
        }
        let error = #expect(throws: StoreError.self) { try store.revoke("key_same") }
        #expect(error?.code == .ambiguous)
        #expect(error?.message.contains("and 12 more") == true, "\(error?.message ?? "")")
        #expect(try store.list().allSatisfy { $0.revoked == nil })
    }

    @Test("A store that breaks while it is open throws instead of letting anyone in")
    func breaksLater() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        try await DatabaseQueue(path: path).write { try $0.execute(sql: "DROP TABLE api_key") }
        await #expect(throws: StoreError.self) { _ = try await store.authenticate(issued.secret) }
    }

    /// Another connection to the database, which may keep a transaction open.
    private func otherConnection() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    @Test("Somebody who only reads the database holds up no request, and uses are noted later", .timeLimit(.minutes(1)))
    func reader() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        let other = try otherConnection()
        try await other.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM api_key")
        }
        // Over the time at which the first use is written.
        for _ in 0..<15 {
            let start = ContinuousClock.now
            #expect(try await store.authenticate(issued.secret) != nil)
            // Less than the five seconds for which a lock is waited for.
            #expect(start.duration(to: .now) < .seconds(3))
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try store.list().first?.lastUsed == nil)
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        for _ in 0..<100 where try store.list().first?.lastUsed == nil {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try store.list().first?.lastUsed != nil)
    }

    @Test("While another process holds the database, all who ask wait for one deadline", .timeLimit(.minutes(1)))
    func held() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        // Once before, so that the file is open as it is.
        #expect(try await store.authenticate(issued.secret) != nil)
        let other = try otherConnection()
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        let start = ContinuousClock.now
        let codes = await withTaskGroup(of: StoreError.Code?.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    do {
                        _ = try await store.authenticate(issued.secret)
                        return nil
                    } catch {
                        return (error as? StoreError)?.code
                    }
                }
            }
            return await group.reduce(into: [StoreError.Code?]()) { $0.append($1) }
        }
        #expect(codes.count == 10 && codes.allSatisfy { $0 == .busy }, "\(codes)")
        // One wait of five seconds, not ten of them.
        #expect(start.duration(to: .now) < .seconds(9))
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await store.authenticate(issued.secret)?.id == issued.record.id)
    }

    @Test("Several openings of a new file at the same moment all succeed", arguments: 0..<20)
    func openedAtOnce(round: Int) async throws {
        let path = directory.path + "/\(round)/pinion.db"
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let store = try KeyStore(path: path)
                    _ = try store.create(name: "k")
                    return try store.list().count
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts.max() == 6)
    }

    private func makeDataDirectory() throws {
        try FileManager.default.createDirectory(atPath: directory.path + "/data", withIntermediateDirectories: true)
    }

    private func expectFailure(_ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try KeyStore(path: path) }
        #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
        #expect(error?.message.contains(directory.path + "/data") == true, sourceLocation: sourceLocation)
        #expect(error?.message.contains("\n") == false, sourceLocation: sourceLocation)
    }
}
