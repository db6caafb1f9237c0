import Foundation
import PinionModelFiles
import PinionTensor

/// A folder that lives as long as the object.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "pinion-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

    func write(_ bytes: [UInt8], _ name: String = "model.gguf") throws -> String {
        try Data(bytes).write(to: url.appending(path: name))
        return path(name)
    }
}

extension GGUFFile {
    /// Reads what a writer wrote; the mapping outlives the file's name.
    init(_ writer: GGUFWriter) throws {
        let folder = try TemporaryFolder()
        try self.init(path: folder.write(writer.bytes))
    }
}

enum Fixtures {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func model(_ name: String) -> String {
        directory.appending(path: "models/\(name).gguf").path(percentEncoded: false)
    }
}

extension [Float] {
    /// For comparisons that tell 0 from -0 and one NaN from another.
    var bitPatterns: [UInt32] { map(\.bitPattern) }
}
