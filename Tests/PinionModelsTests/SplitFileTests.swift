import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// GGUF models in several files.
@Suite("Split GGUF files")
struct SplitFileTests {
    static let count = 3

    /// Writes a fixture as three files; gives their paths.
    private static func write(to folder: URL, change: (Int, inout GGUFEditor) -> Void = { _, _ in }) throws -> [String]
    {
        let whole = try GGUFEditor(Data(contentsOf: URL(filePath: ModelFixtures.modelPath("tiny-llama-q4_k"))))
        return try (0..<count).map { index in
            var part = whole
            if index > 0 { part.metadata = [] }
            let size = (whole.tensors.count + count - 1) / count
            part.tensors = Array(
                whole.tensors[min(index * size, whole.tensors.count)..<min((index + 1) * size, whole.tensors.count)])
            part.set("split.no", UInt32(index))
            part.set("split.count", UInt32(count))
            part.set("split.tensors.count", UInt32(whole.tensors.count))
            change(index, &part)
            let url = folder.appending(path: "tiny-0000\(index + 1)-of-0000\(count).gguf")
            try part.bytes().write(to: url)
            return url.path(percentEncoded: false)
        }
    }

    @Test("Any of the files names the model, which is that of the whole file; its identity is of all files")
    func anyFile() throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            let paths = try Self.write(to: url)
            let kernels = try Kernels.forThisMachine()
            let (tokens, _) = try ModelFixtures.oracle("tiny-llama-q4_k")
            let whole = try ModelFixtures.load(ModelFixtures.modelPath("tiny-llama-q4_k"), kernels: kernels)
            let expected = try ModelFixtures.logits(whole, tokens, chunk: 8)
            var digests: Set<UInt64> = []
            for path in paths {
                let found = try ModelFixtures.logits(ModelFixtures.load(path, kernels: kernels), tokens, chunk: 8)
                #expect(found == expected, "\(path)")
                digests.insert(try ModelPackage(path: path).digest(team: WorkerTeam(workers: 2)))
            }
            #expect(digests.count == 1)
            var last = try Data(contentsOf: URL(filePath: paths[2]))
            last[last.count - 1] ^= 1
            try last.write(to: URL(filePath: paths[2]))
            digests.insert(try ModelPackage(path: paths[0]).digest(team: WorkerTeam(workers: 1)))
            #expect(digests.count == 2)
        }
    }

    @Test("A file that is missing, out of place, renamed or double is named")
    func broken() throws {
        try FamilyOracleTests.inTemporaryPlace { url in
            func message(_ path: String) -> String {
                #expect(throws: ModelError.self) { _ = try ModelPackage(path: path) }?.message ?? ""
            }
            var paths = try Self.write(to: url)
            try FileManager.default.removeItem(atPath: paths[1])
            #expect(message(paths[0]).contains("tiny-00002-of-00003.gguf: cannot be opened"))
            paths = try Self.write(to: url) { if $0 == 1 { $1.set("split.no", 2) } }
            #expect(message(paths[0]).contains("tiny-00002-of-00003.gguf: is not file 2 of 3"))
            paths = try Self.write(to: url) { if $0 == 2 { $1.tensors.removeAll() } }
            #expect(message(paths[0]).contains("tensors, expected"))
            paths = try Self.write(to: url) { if $0 == 0 { $1.set("split.count", UInt32.max) } }
            #expect(message(paths[0]).contains("expected at most 1024"))
            paths = try Self.write(to: url)
            let renamed = url.appending(path: "other.gguf").path(percentEncoded: false)
            try FileManager.default.moveItem(atPath: paths[0], toPath: renamed)
            #expect(message(renamed).contains("its name has to end with -00001-of-00003.gguf"))
        }
    }
}
