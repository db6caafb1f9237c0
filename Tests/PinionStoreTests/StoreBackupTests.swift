import Foundation
import GRDB
import PinionLedger
import PinionStore
import Testing

@Suite("Backups of the store")
struct StoreBackupTests {
    let directory: TemporaryDirectory
    var data: String { directory.path + "/data" }
    var backup: String { directory.path + "/backup" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A data directory with two keys, a sealing key and some rows.
    private func makeStore() throws -> (keys: KeyStore, usage: UsageStore, rows: [UsageRow]) {
        let keys = try KeyStore(path: data + "/pinion.db")
        _ = try keys.create(name: "one")
        _ = try SealingKey(path: data + "/seal.key")
        let usage = try UsageStore(path: data + "/usage.db")
        var generator = UsageRows()
        let rows = generator.next(300)
        try usage.fold(rows)
        return (keys, usage, rows)
    }

    private func files(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    @Test("A restored store is as it was when it was backed up, and what it replaces is kept aside")
    func roundTrip() throws {
        let seal: Data
        let rows: [UsageRow]
        do {
            let (keys, usage, made) = try makeStore()
            rows = made
            seal = try Data(contentsOf: URL(filePath: data + "/seal.key"))
            let manifest = try StoreBackup.make(of: data, at: backup, version: "1.2.3")
            #expect(manifest.files.map(\.name) == ["pinion.db", "usage.db", "seal.key"])
            #expect(manifest.version == "1.2.3")
            // The store goes on, and its log stays behind as a killed server leaves it.
            _ = try keys.create(name: "two")
            var generator = UsageRows(seed: 9)
            try usage.fold(generator.next(50))
            try FileManager.default.copyItem(atPath: data + "/usage.db-wal", toPath: directory.path + "/log")
        }
        try FileManager.default.moveItem(atPath: directory.path + "/log", toPath: data + "/usage.db-wal")
        try Data(repeating: 7, count: 32).write(to: URL(filePath: data + "/seal.key"))

        let (manifest, aside) = try StoreBackup.restore(backup, to: data)
        #expect(manifest.files.count == 3)
        #expect(try KeyStore(path: data + "/pinion.db").list().map(\.name) == ["one"])
        #expect(try Data(contentsOf: URL(filePath: data + "/seal.key")) == seal)
        let usage = try UsageStore(path: data + "/usage.db")
        #expect(try usage.makeReader().report(.init()).total == Expected.total(rows))
        #expect(try usage.makeReader().verify().differences == 0)
        #expect(try usage.fold(counting: rows) == 0)
        let kept = try #require(aside)
        #expect(try files(in: kept).contains("usage.db-wal"))
        #expect(Set(try KeyStore(path: kept + "/pinion.db").list().map(\.name)) == ["one", "two"])
        #expect(try files(in: data).filter { $0.contains(".new-") }.isEmpty)
        #expect(try StoreCheck(of: data, thorough: true).findings.isEmpty)
    }

    @Test("A backup is readable by its owner only, has no logs, and is overwritten by none")
    func modes() throws {
        let store = try makeStore()
        try StoreBackup.make(of: data, at: backup, version: "1")
        #expect(try directory.mode(of: "backup") == 0o700)
        #expect(try files(in: backup) == ["manifest.json", "pinion.db", "seal.key", "usage.db"])
        for name in try files(in: backup) { #expect(try directory.mode(of: "backup/" + name) == 0o600, "\(name)") }
        let before = try Data(contentsOf: URL(filePath: backup + "/manifest.json"))
        let error = #expect(throws: StoreError.self) { try StoreBackup.make(of: data, at: backup, version: "1") }
        #expect(error?.code == .invalidValue)
        #expect(try Data(contentsOf: URL(filePath: backup + "/manifest.json")) == before)
        try store.usage.close()
    }

    @Test("A store without some of its files is backed up, and restored to a new directory")
    func partial() throws {
        _ = try KeyStore(path: data + "/pinion.db").create(name: "one")
        try StoreBackup.make(of: data, at: backup, version: "1")
        let other = directory.path + "/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        #expect(try StoreBackup.restore(backup, to: other).aside == nil)
        #expect(try files(in: other) == ["pinion.db"])
        #expect(try KeyStore(path: other + "/pinion.db").list().count == 1)
        let error = #expect(throws: StoreError.self) {
            try StoreBackup.make(of: directory.path + "/nothing", at: directory.path + "/copy", version: "1")
        }
        #expect(error?.code == .notFound)
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/copy"))
    }

    @Test("A backup that is not whole is refused, and nothing is changed for it")
    func refused() throws {
        let store = try makeStore()
        try StoreBackup.make(of: data, at: backup, version: "1")
        let manifest = backup + "/manifest.json"
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        let before = try files(in: data)

        func expectRefusal(_ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
                try StoreBackup.restore(backup, to: data)
            }
            #expect(error?.code == code, "\(error?.message ?? "")", sourceLocation: sourceLocation)
            #expect(try files(in: data) == before, sourceLocation: sourceLocation)
        }
        for (old, new, code) in [
            ("\"format\" : 1", "\"format\" : 2", StoreError.Code.newerSchema), ("pinion.db", "../pinion.db", .damaged),
            ("seal.key", "usage.db", .damaged), ("{", "[", .damaged),
            ("\"sha256\" : \"", "\"sha256\" : \"0", .damaged), ("\"files\"", "\"files\" : [], \"others\"", .damaged),
        ] {
            #expect(text.contains(old))
            try text.replacingOccurrences(of: old, with: new).write(toFile: manifest, atomically: true, encoding: .utf8)
            try expectRefusal(code)
        }
        try FileManager.default.removeItem(atPath: manifest)
        try expectRefusal(.notFound)
        try text.write(toFile: manifest, atomically: true, encoding: .utf8)
        let file = try FileHandle(forUpdating: URL(filePath: backup + "/usage.db"))
        try file.seek(toOffset: 20_000)
        try file.write(contentsOf: Data([0x5A]))
        try file.close()
        try expectRefusal(.damaged)
        try FileManager.default.removeItem(atPath: backup + "/usage.db")
        try expectRefusal(.unavailable)
        try store.usage.close()
    }

    @Test("A backup without the keys' database is refused, and nothing is changed for it")
    func withoutKeys() throws {
        let store = try makeStore()
        try store.usage.close()
        try StoreBackup.make(of: data, at: backup, version: "1")
        let manifest = URL(filePath: backup + "/manifest.json")
        let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: manifest))
        var members = try #require(parsed as? [String: Any])
        let named = try #require(members["files"] as? [[String: Any]])
        members["files"] = named.filter { $0["name"] as? String != "pinion.db" }
        try JSONSerialization.data(withJSONObject: members).write(to: manifest)
        let before = try files(in: data)
        let error = #expect(throws: StoreError.self) { try StoreBackup.restore(backup, to: data) }
        #expect(error?.code == .damaged && error?.message.contains("names no pinion.db") == true)
        #expect(try files(in: data) == before)
    }

    @Test(
        "Only regular files are restored: no pipe is waited for, and no link is followed",
        arguments: ["seal.key", "manifest.json"])
    func irregular(name: String) throws {
        let store = try makeStore()
        try StoreBackup.make(of: data, at: backup, version: "1")
        let before = try files(in: data)
        let (file, away) = (backup + "/" + name, directory.path + "/away")
        try FileManager.default.moveItem(atPath: file, toPath: away)
        let attempts: [() throws -> Void] = [
            { #expect(mkfifo(file, 0o600) == 0) },
            { try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: away) },
            { try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false) },
        ]
        for make in attempts {
            try make()
            let error = #expect(throws: StoreError.self) { try StoreBackup.restore(backup, to: data) }
            #expect(error?.code == .damaged && error?.message.contains("\(file) is not a regular file") == true)
            #expect(try files(in: data) == before)
            try FileManager.default.removeItem(atPath: file)
        }
        try FileManager.default.moveItem(atPath: away, toPath: file)
        try store.usage.close()
        #expect(try StoreBackup.restore(backup, to: data).manifest.files.count == 3)
    }

    @Test("A damaged database is not backed up, and leaves no half of a backup")
    func damaged() throws {
        let store = try makeStore()
        try store.usage.close()
        let file = try FileHandle(forUpdating: URL(filePath: data + "/usage.db"))
        for offset in stride(from: UInt64(8_192), to: try file.seekToEnd(), by: 8_192) {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 2_048))
        }
        try file.close()
        let error = #expect(throws: StoreError.self) { try StoreBackup.make(of: data, at: backup, version: "1") }
        #expect(error?.code == .damaged)
        #expect(!FileManager.default.fileExists(atPath: backup))
        let check = try StoreCheck(of: data)
        #expect(check.findings.contains { $0.file == "usage.db" })
        #expect(!check.findings.contains { $0.file == "pinion.db" })
    }

    @Test("A check tells of modes, of sums that differ, and of a key that is none")
    func findings() throws {
        let store = try makeStore()
        #expect(try StoreCheck(of: data).findings.isEmpty)
        #expect(try StoreCheck(of: data).verification?.rows == 300)
        try store.usage.close()
        #expect(chmod(data + "/pinion.db", 0o644) == 0 && chmod(data, 0o750) == 0)
        try DatabaseQueue(path: data + "/usage.db").write {
            try $0.execute(sql: "UPDATE spent SET tokens = tokens + 1 WHERE period = 2")
        }
        try Data([1, 2, 3]).write(to: URL(filePath: data + "/seal.key"))
        let findings = try StoreCheck(of: data).findings
        #expect(findings.contains(.init(file: "pinion.db", text: "others may read it: its mode is 0644")))
        #expect(findings.contains(.init(file: ".", text: "others may read it: its mode is 0750")))
        #expect(findings.contains { $0.file == "usage.db" && $0.text.contains("in total") })
        #expect(findings.contains { $0.file == "seal.key" && $0.text.contains("3 bytes") })
        #expect(throws: StoreError.self) { try StoreCheck(of: directory.path + "/nothing") }
    }

    @Test("A backup of a store that is written meanwhile is whole")
    func whileWritten() async throws {
        let (_, usage, rows) = try makeStore()
        let (data, root) = (data, directory.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var generator = UsageRows(seed: 5)
                for _ in 0..<60 { try usage.fold(generator.next(40)) }
            }
            group.addTask {
                for index in 0..<5 {
                    let path = "\(root)/copy\(index)"
                    try StoreBackup.make(of: data, at: path, version: "1")
                    let check = try StoreCheck(of: path, thorough: true)
                    #expect(check.findings.isEmpty, "\(check.findings)")
                    #expect(check.verification.map { ($0.rows - rows.count) % 40 } == 0)
                }
            }
            try await group.waitForAll()
        }
        #expect(try usage.makeReader().verify().differences == 0)
    }
}
