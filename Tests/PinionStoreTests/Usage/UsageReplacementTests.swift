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
}
