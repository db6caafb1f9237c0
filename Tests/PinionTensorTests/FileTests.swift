import Foundation
import PinionTensor
import Testing
import TestSupport

@Suite("Mapped files")
struct MappedFileTests {
    @Test("A mapped file has the file's bytes")
    func contents() throws {
        var random = SeededGenerator(seed: 40)
        let bytes = random.bytes(10_001)
        let folder = try TemporaryFolder()
        let file = try MappedFile(path: folder.write(bytes))
        #expect(Array(file.bytes) == bytes)
    }

    @Test("A missing file is named, with the system's reason")
    func missing() throws {
        let path = try TemporaryFolder().path("absent.gguf")
        let error = try #require(throws: TensorError.self) { _ = try MappedFile(path: path) }
        #expect(error.code == .unreadableFile)
        #expect(error.message == "\(path): cannot be opened: No such file or directory")
    }

    @Test("A folder is refused")
    func folder() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.path(percentEncoded: false)
        let error = try #require(throws: TensorError.self) { _ = try MappedFile(path: path) }
        #expect(error.code == .unreadableFile)
        #expect(error.message == "\(path): is not a regular file")
    }

    @Test("A pipe is refused at once instead of waiting for its writer", .timeLimit(.minutes(1)))
    func pipe() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        let error = try #require(throws: TensorError.self) { _ = try MappedFile(path: path) }
        #expect(error.message == "\(path): is not a regular file")
    }

    @Test("An empty file is refused")
    func empty() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([])
        let error = try #require(throws: TensorError.self) { _ = try MappedFile(path: path) }
        #expect(error.code == .malformedFile)
        #expect(error.message == "\(path): is empty")
    }
}

@Suite("Content digests")
struct ContentDigestTests {
    private static func digest(_ bytes: [UInt8], workers: Int = 1) -> UInt64 {
        bytes.withUnsafeBytes { ContentDigest.of($0, team: WorkerTeam(workers: workers)) }
    }

    @Test("The number of workers does not change a digest", arguments: [0, 1, 31, 32, 33, 1 << 20, 9 << 20 | 5])
    func workers(_ count: Int) {
        // Words instead of bytes, as a debug build would take long over 9 MB of single draws.
        var random = SeededGenerator(seed: 41)
        let bytes = (0..<(count + 7) / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        let digests = Set((1...3).map { Self.digest(Array(bytes.prefix(count)), workers: $0) })
        #expect(digests.count == 1)
    }

    @Test("Any flipped bit changes a digest, and no two flips the same way")
    func flips() {
        var random = SeededGenerator(seed: 42)
        var bytes = random.bytes(151)
        var seen: Set = [Self.digest(bytes)]
        for index in bytes.indices {
            for bit in 0..<8 {
                bytes[index] ^= 1 << bit
                seen.insert(Self.digest(bytes))
                bytes[index] ^= 1 << bit
            }
        }
        #expect(seen.count == 1 + 151 * 8)
    }

    @Test("Chunks of a large file count with their place, and so does the length")
    func places() {
        var bytes = [UInt8](repeating: 0, count: 3 << 20)
        var seen: Set = [Self.digest(bytes)]
        for index in [0, 1 << 20, 2 << 20, (3 << 20) - 1] {
            bytes[index] = 1
            seen.insert(Self.digest(bytes))
            bytes[index] = 0
        }
        for count in [0, 1, 31, 32, 1 << 20, 2 << 20] { seen.insert(Self.digest(Array(bytes[..<count]))) }
        #expect(seen.count == 11)
    }
}
