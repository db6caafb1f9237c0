import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Damaged files, in a process of their own: whatever is wrong with one is an error or a model that works, never a trap.
@Suite("Damaged model files")
struct ModelMutationTests {
    /// How many cases `PINION_MUTATIONS` asks for, of each kind of file.
    static let askedCases = ProcessInfo.processInfo.environment["PINION_MUTATIONS"].flatMap(Int.init)
    static let cases = askedCases ?? 2_000
    static let slowest = Duration.seconds(1)
    /// How much the process may grow over all cases.
    static let memoryGrowth = 64 << 20
    /// What the process says when nothing was wrong.
    static let praise = "all as it should be"

    @Test("Damaged headers are refused or load, within a second and little memory")
    func mutations() async {
        // A process that exits in any other way shows none of its output; so a complaint is no failure of its own.
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let complaint = try ModelMutationTests.complaint() ?? ModelMutationTests.praise
            FileHandle.standardError.write(Data(complaint.utf8))
        }
        let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(output == Self.praise)
    }

    /// Loads all damaged files; what was wrong with how one was taken, if anything.
    private static func complaint() throws -> String? {
        let original = try Data(contentsOf: URL(filePath: ModelFixtures.modelPath("tiny-llama-q4_1")))
        let editor = try GGUFEditor(original)
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: url) }
        let path = url.path(percentEncoded: false)
        let kernels = try Kernels.forThisMachine()
        var mutator = FileMutator(seed: 1, headerLength: editor.headerLength, fields: editor.fields)
        var (loaded, refused) = (0, 0)
        try exercise(ModelFixtures.modelPath("tiny-llama-q4_1"), kernels)
        let before = peakMemory()
        for index in 0..<cases {
            try mutator.mutated(original).write(to: url)
            var message: String?
            let duration = try processorTime {
                do {
                    try exercise(path, kernels)
                    loaded += 1
                } catch let error as ModelError {
                    message = error.message
                } catch let error as TensorError {
                    message = error.message
                }
            }
            guard duration < slowest else { return "case \(index) took \(duration)" }
            guard let message else { continue }
            refused += 1
            guard message.hasPrefix(path), message.utf8.count < 4096, !message.utf8.contains(0x0a) else {
                return "case \(index) has a poor message: \(message)"
            }
        }
        let growth = peakMemory() - before
        guard growth < memoryGrowth + original.count else { return "memory grew by \(growth) bytes" }
        guard refused > cases / 4, loaded > cases / 50 else { return "\(refused) refused, \(loaded) loaded" }
        return nil
    }

    /// Plans and loads a model, and computes a few tokens: a model that loads must also run.
    static func exercise(_ path: String, _ kernels: Kernels) throws {
        _ = try ModelLoader.plan(ModelPackage(path: path), limits: StepLimits(tokens: 64, outputs: 64))
        let model = try ModelFixtures.load(path, kernels: kernels)
        let cache = try KVCache(shape: model.shape.cache, elementType: .f16, blocks: 1)
        var batch = StepBatch()
        let last = Int32(model.shape.vocabulary - 1)
        batch.append([0, last / 2, last], start: 0, table: [0], wantsOutput: true)
        _ = try model.forward(batch, cache: cache)
    }

    /// The most memory that this process has ever used, in bytes.
    static func peakMemory() -> Int {
        var usage = rusage()
        #if os(Linux)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return Int(usage.ru_maxrss) << 10
        #else
            getrusage(RUSAGE_SELF, &usage)
            return Int(usage.ru_maxrss)
        #endif
    }
}

/// Damages files at random, the same way in every run.
struct FileMutator {
    /// Numbers at which checks tend to be wrong.
    private static let numbers: [UInt64] = [
        0, 1, 2, 3, 5, 8, 9, 31, 32, 33, 64, 255, 256, 1 << 16, 1 << 20, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32,
        1 << 40, 1 << 61, 1 << 62, 1 << 63 - 1, 1 << 63, .max - 31, .max,
    ]

    private var state: UInt64
    private let headerLength: Int
    private let fields: [Int]

    init(seed: UInt64, headerLength: Int, fields: [Int]) {
        state = seed
        self.headerLength = headerLength
        self.fields = fields
    }

    private mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(bound, 1)
    }

    mutating func mutated(_ original: Data) -> Data {
        var bytes = original
        for _ in 0...below(3) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout Data) {
        // Half of the changes hit a number that the header's structure hangs on.
        let anywhere = below(min(headerLength, bytes.count))
        let place = below(2) == 0 ? anywhere : min(fields[below(fields.count)], max(bytes.count - 1, 0))
        guard place < bytes.count else { return }
        switch below(9) {
        case 0: bytes[place] = UInt8(below(256))
        case 1: bytes[place] ^= 1 << below(8)
        case 2: overwrite(&bytes, at: place, UInt32(truncatingIfNeeded: Self.numbers[below(Self.numbers.count)]))
        case 3: overwrite(&bytes, at: place, Self.numbers[below(Self.numbers.count)])
        case 4: overwrite(&bytes, at: place, UInt64(below(400)))
        case 5: bytes = bytes.prefix(below(2) == 0 ? place : below(bytes.count))
        case 6: bytes.removeSubrange(place..<min(place + 1 + below(40), bytes.count))
        case 7: bytes.insert(contentsOf: bytes[place..<min(place + 1 + below(40), bytes.count)], at: place)
        default: bytes[place] = bytes[below(min(headerLength, bytes.count))]
        }
        bytes = Data(bytes)
    }

    private func overwrite(_ bytes: inout Data, at place: Int, _ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { source in
            let count = min(source.count, bytes.count - place)
            bytes.replaceSubrange(place..<place + count, with: source.prefix(count))
        }
    }
}
