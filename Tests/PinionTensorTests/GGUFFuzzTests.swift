import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport
import Testing

/// Loads mutated files one after another in a process of its own, which a trap may end.
struct FuzzBatch: Codable, Sendable {
    /// Processor time that one load may take.
    static let longestLoad = Duration.seconds(1)
    /// Memory that loading may take beside the file's size.
    static let memoryAllowance = 64 << 20

    /// Of so many files at least one must load, and one must be refused: else the mutations test nothing.
    static let leastShare = 50

    var fixture: String
    var seeds: Range<UInt64>
    /// Where the mutated file is put.
    var path: String
    /// Where the case under way is noted, and what was wrong with it.
    var notePath: String

    struct Failure: Error {}

    func run() throws {
        let mutator = try GGUFMutator(path: fixture)
        let team = WorkerTeam(workers: 1)
        let baseline = try Self.peakMemory()
        var (largest, loaded, refused) = (0, 0, 0)
        for seed in seeds {
            let bytes = mutator.mutation(seed: seed)
            largest = max(largest, bytes.count)
            try note("seed \(seed)")
            try Data(bytes).write(to: URL(filePath: path))
            let start = processorTime()
            do throws(TensorError) {
                try load(team)
                loaded += 1
            } catch {
                refused += 1
                guard error.message.hasPrefix("\(path): "), error.message.utf8.count < 4096,
                    !error.message.utf8.contains(0x0a)
                else {
                    try fail("seed \(seed): a poor message: \(error.message)")
                }
            }
            let time = processorTime() - start
            guard time < Self.longestLoad else { try fail("seed \(seed): took \(time)") }
        }
        let growth = try Self.peakMemory() - baseline
        guard growth <= largest + Self.memoryAllowance else {
            try fail("memory grew by \(growth) bytes for files of \(largest)")
        }
        guard min(loaded, refused) * Self.leastShare > seeds.count else {
            try fail("\(loaded) loaded and \(refused) refused: the mutations miss their aim")
        }
        try note("\(loaded) loaded, \(refused) refused, memory grew by \(growth) bytes")
    }

    /// Everything that a model could do with a file: all tensors are held at once.
    private func load(_ team: WorkerTeam) throws(TensorError) {
        let file = try GGUFFile(path: path)
        for (_, value) in file.metadata { _ = (value.summary, value.int, value.double) }
        var matrices: [PackedMatrix] = []
        var vectors: [FloatVector] = []
        for tensor in file.tensors {
            switch tensor.shape.count {
            case 1 where tensor.type.blockElements == 1: vectors.append(try FloatVector(tensor))
            case 2: matrices.append(try PackedMatrix(packing: tensor, team: team))
            default: _ = tensor.bytes.reduce(0) { $0 &+ Int($1) }
            }
        }
        for matrix in matrices { _ = matrix.row(matrix.rows - 1) }
    }

    private func note(_ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: notePath))
    }

    private func fail(_ text: String) throws -> Never {
        try note(text)
        throw Failure()
    }

    /// Most bytes of memory that this process has held at a time.
    private static func peakMemory() throws -> Int {
        #if os(Linux)
            // Not getrusage, which starts from the peak of the process that started this one.
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            guard let kilobytes = line?.split(separator: " ").dropLast().last.flatMap({ Int($0) }) else {
                throw Failure()
            }
            return kilobytes << 10
        #else
            var usage = rusage()
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }
}

@Suite("Mutated GGUF files")
struct GGUFFuzzTests {
    /// Environment variable: mutations in all, for long runs.
    static let countKey = "PINION_FUZZ_COUNT"
    static let defaultCount: UInt64 = 10_000
    static let batches: UInt64 = 4

    @Test(
        "A mutated file loads or is refused: no trap, no hang, no flood of memory", .timeLimit(.minutes(60)),
        arguments: 0..<batches)
    func mutations(_ index: UInt64) async throws {
        let count = ProcessInfo.processInfo.environment[Self.countKey].flatMap(UInt64.init) ?? Self.defaultCount
        let folder = try TemporaryFolder()
        let batch = FuzzBatch(
            // The small file three times for each time the large one is, as only headers are of interest.
            fixture: Fixtures.model(index == 0 ? "tiny-llama-f32" : "tiny-llama-q4_1"),
            seeds: index * count / Self.batches..<(index + 1) * count / Self.batches,
            path: folder.path("mutated.gguf"), notePath: folder.path("note"))
        let result = await #expect(processExitsWith: .success) { [batch = batch as FuzzBatch] in
            try batch.run()
        }
        if result == nil {
            let note = try? String(contentsOfFile: batch.notePath, encoding: .utf8)
            Issue.record("\(batch.fixture): \(note ?? "no case was reached")")
        }
    }

    @Test("A mutation is the same in every run")
    func repeatable() throws {
        let mutator = try GGUFMutator(path: Fixtures.model("tiny-llama-q4_1"))
        let again = try GGUFMutator(path: Fixtures.model("tiny-llama-q4_1"))
        var unchanged = 0
        for seed in 0..<100 as Range<UInt64> {
            let bytes = mutator.mutation(seed: seed)
            #expect(bytes == again.mutation(seed: seed))
            if bytes == mutator.bytes { unchanged += 1 }
        }
        #expect(unchanged < 10)
    }
}
