import Foundation
import PinionTensor

/// SplitMix64: the same numbers on every machine and in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Floats of a bell-like distribution around 0 with a variance of about 1.
    mutating func floats(_ count: Int, times factor: Float = 1) -> [Float] {
        (0..<count).map { _ in
            factor * (0..<3).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &self) }
        }
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

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
