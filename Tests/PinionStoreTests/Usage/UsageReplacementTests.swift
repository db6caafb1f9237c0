import Foundation
import PinionLedger
import PinionStore
import Testing

@Suite("A ledger's database that is replaced while it is open")
struct UsageReplacementTests {
    let directory: TemporaryDirectory
    let store: UsageStore
    var path: String { directory.path + "/usage.db" }
    var copy: String { directory.path + "/copy.db" }

    init() throws {
        directory = try TemporaryDirectory()
        store = try UsageStore(path: directory.path + "/usage.db")
        try store.fold([UsageRows.row("req_1")])
        try FileManager.default.copyItem(atPath: path, toPath: copy)
    }

    private func expectFailure(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
        for _ in 0..<2 {
            let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
                try store.fold([UsageRows.row("req_2")])
            }
            #expect(error?.code == .unavailable, sourceLocation: sourceLocation)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
        }
    }

    @Test("A file that was moved over it fails folds and questions, and so it stays")
    func moved() throws {
        #expect(rename(copy, path) == 0)
        expectFailure("was replaced")
        #expect(throws: StoreError.self) { try store.latestDay() }
        #expect(throws: StoreError.self) { try store.makeReader() }
    }

    @Test("A copy that was written over it fails folds")
    func writtenInPlace() throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.write(contentsOf: try Data(contentsOf: URL(filePath: copy)))
        try file.close()
        expectFailure("was written by another program")
    }

    @Test("Without its file a fold fails, no new one is made, and folds go on when it is back")
    func vanished() throws {
        #expect(rename(path, copy) == 0)
        expectFailure("is gone")
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(rename(copy, path) == 0)
        #expect(try store.fold(counting: [UsageRows.row("req_1"), UsageRows.row("req_2")]) == 1)
    }

    @Test("Readers and their closing leave the file alone")
    func readers() throws {
        for index in 0..<5 {
            _ = try UsageReader(path: path).report(.init())
            try store.fold([UsageRows.row("req_more\(index)")])
        }
        #expect(try store.makeReader().report(.init()).total.requests == 6)
    }

    /// The files of the store as a kill leaves them, in a directory of their own.
    private func killed(_ name: String) throws -> String {
        let place = directory.path + "/" + name
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        for file in ["usage.db", "usage.db-wal", "usage.db-epoch"] {
            try FileManager.default.copyItem(atPath: directory.path + "/" + file, toPath: place + "/" + file)
        }
        return place + "/usage.db"
    }

    @Test("A killed server's log is not laid over a copy that was put in the file's place by hand")
    func foreignLog() throws {
        let backup = directory.path + "/backup"
        try StoreBackup.make(of: directory.path, at: backup, version: "1")
        var rows = UsageRows()
        let later = rows.next(500)
        try store.fold(later)
        let killed = try killed("killed")
        // Both of the ways in which people copy: over the file, and in place of it.
        try Data(contentsOf: URL(filePath: backup + "/usage.db")).write(to: URL(filePath: killed))
        let restored = try UsageStore(path: killed)
        #expect(try restored.makeReader().report(.init()).total.requests == 1)
        #expect(try restored.makeReader().verify().differences == 0)
        #expect(try restored.fold(counting: later) == 500)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/killed")
        #expect(names.count { $0.contains("of-another-file") } == 1)
    }

    @Test("A killed server's log is the file's own, however often the server is killed")
    func ownLog() throws {
        var rows = UsageRows()
        var expected = 1
        try store.fold(rows.next(10))
        expected += 10
        var path = try killed("killed0")
        for round in 1...4 {
            let revived = try UsageStore(path: path)
            #expect(try revived.makeReader().report(.init()).total.requests == expected)
            try revived.fold(rows.next(10))
            expected += 10
            let place = directory.path + "/killed\(round)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let from = (path as NSString).deletingLastPathComponent
            for file in ["usage.db", "usage.db-wal", "usage.db-epoch"] {
                try FileManager.default.copyItem(atPath: from + "/" + file, toPath: place + "/" + file)
            }
            path = place + "/usage.db"
        }
        #expect(try UsageStore(path: path).makeReader().report(.init()).total.requests == expected)
    }
}
