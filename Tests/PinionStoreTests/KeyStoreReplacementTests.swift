import Foundation
import GRDB
import PinionStore
import Synchronization
import Testing

@Suite("A key store whose file is replaced", .timeLimit(.minutes(1)))
struct KeyStoreReplacementTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/pinion.db" }
    var backup: String { directory.path + "/backup.db" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A copy of the database as it is now, in one file.
    private func makeBackup() throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        try DatabaseQueue(path: path, configuration: configuration).vacuum(into: backup)
    }

    private func move(_ from: String, to path: String) {
        #expect(rename(from, path) == 0, "\(String(cString: strerror(errno)))")
    }

    @Test("A key revoked in a restored file is refused by a store that had the file open before")
    func revokedInRestored() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        try makeBackup()
        #expect(try await store.authenticate(issued.secret) != nil)
        move(backup, to: path)
        #expect(try await store.authenticate(issued.secret)?.id == issued.record.id)
        let revoked = try KeyStore(path: path).revoke(issued.record.id)
        #expect(revoked.revoked != nil)
        #expect(try await store.authenticate(issued.secret) == nil)
        #expect(try store.list().first?.revoked == revoked.revoked)
    }

    @Test("A restored file counts as it was backed up, whatever was committed since")
    func oldLog() async throws {
        let store = try KeyStore(path: path)
        let kept = try store.create(name: "kept")
        try makeBackup()
        let later = try store.create(name: "later")
        _ = try store.revoke(kept.record.id)
        move(backup, to: path)
        // Another process comes first, while this one has the old file open.
        #expect(try KeyStore(path: path).list().map(\.id) == [kept.record.id])
        #expect(try await store.authenticate(later.secret) == nil)
        #expect(try await store.authenticate(kept.secret)?.id == kept.record.id)
        #expect(try store.list().map(\.id) == [kept.record.id])
        // Both go on with the same file.
        let made = try store.create(name: "made")
        #expect(try KeyStore(path: path).list().count == 2)
        #expect(try await KeyStore(path: path).authenticate(made.secret) != nil)
        // The store may be noting a key's use.
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let complaint = try await DatabaseQueue(path: path, configuration: configuration).read {
            try String.fetchOne($0, sql: "PRAGMA quick_check")
        }
        #expect(complaint == "ok")
    }

    @Test("A backup copied over the file counts as it was backed up, though the store wrote to the file since")
    func copiedOver() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        try makeBackup()
        let inBackup = try KeyStore(path: backup)
        _ = try inBackup.revoke(issued.record.id)
        // A use is noted, which a log would keep apart from the file.
        #expect(try await store.authenticate(issued.secret) != nil)
        _ = try store.create(name: "later")
        let copy = try Data(contentsOf: URL(filePath: backup))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: copy)
        try file.close()
        #expect(try await store.authenticate(issued.secret) == nil)
        #expect(try KeyStore(path: path).list().map(\.id) == [issued.record.id])
        // No side file is left that the next opening could lay over another database.
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            $0.hasPrefix("pinion.db-")
        }
        #expect(names.isEmpty, "\(names)")
    }

    @Test("A file written in place is noticed, and an empty one is not made a database")
    func writtenInPlace() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        #expect(truncate(path, 0) == 0)
        await #expect(throws: StoreError.self) { _ = try await store.authenticate(issued.secret) }
        #expect(throws: StoreError.self) { try store.list() }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_size == 0)
    }

    @Test("Without its file a store refuses everybody, and goes on when the file is back")
    func vanished() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        try makeBackup()
        #expect(unlink(path) == 0)
        for _ in 0..<2 {
            let error = await #expect(throws: StoreError.self) { _ = try await store.authenticate(issued.secret) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("\(path) is gone") == true)
        }
        #expect(throws: StoreError.self) { try store.list() }
        #expect(throws: StoreError.self) { try store.create(name: "x") }
        #expect(throws: StoreError.self) { try store.revoke(issued.record.id) }
        #expect(access(path, F_OK) != 0, "no empty database was put in its place")
        move(backup, to: path)
        #expect(try await store.authenticate(issued.secret)?.id == issued.record.id)
        #expect(try store.revoke(issued.record.id).revoked != nil)
        #expect(try await store.authenticate(issued.secret) == nil)
    }

    @Test("A damaged file in the place of a good one authenticates nobody")
    func damaged() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        try makeBackup()
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: directory.path + "/garbage"))
        move(directory.path + "/garbage", to: path)
        for _ in 0..<3 {
            let error = await #expect(throws: StoreError.self) { _ = try await store.authenticate(issued.secret) }
            #expect(error?.code == .damaged)
        }
        move(backup, to: path)
        #expect(try await store.authenticate(issued.secret)?.id == issued.record.id)
    }

    private final class Stage: Sendable {
        let isRevoked = Atomic<Bool>(false)
        let isDone = Atomic<Bool>(false)
    }

    @Test("Requests while files come and go are answered by one of the files, and afterwards by the last")
    func concurrently() async throws {
        let store = try KeyStore(path: path)
        let issued = try store.create(name: "k")
        try makeBackup()
        let copies = (0..<12).map { directory.path + "/copy\($0)" }
        for copy in copies { try FileManager.default.copyItem(atPath: backup, toPath: copy) }
        let stage = Stage()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var answers = 0
                    repeat {
                        do {
                            let record = try await store.authenticate(issued.secret)
                            #expect(
                                record?.id == issued.record.id
                                    || stage.isRevoked.load(ordering: .sequentiallyConsistent))
                            answers += 1
                        } catch let error as StoreError {
                            // Only while there is no file.
                            #expect(error.code == .unavailable, "\(error)")
                        }
                        try await Task.sleep(for: .milliseconds(1))
                    } while !stage.isDone.load(ordering: .relaxed)
                    return answers
                }
            }
            for (index, copy) in copies.enumerated() {
                if index % 4 == 3 { unlink(path) }
                move(copy, to: path)
                try await Task.sleep(for: .milliseconds(20))
            }
            stage.isRevoked.store(true, ordering: .sequentiallyConsistent)
            _ = try KeyStore(path: path).revoke(issued.record.id)
            let revoked = try await store.authenticate(issued.secret)
            #expect(revoked == nil)
            stage.isDone.store(true, ordering: .relaxed)
            for try await answers in group { #expect(answers > 0) }
        }
        #expect(start.duration(to: .now) < .seconds(4), "nobody waits for locks of a file that is not there any more")
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        #expect(descriptors < 200, "the databases of before are closed")
    }
}
