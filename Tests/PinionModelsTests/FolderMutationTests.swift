import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// Damaged folders, in a process of their own: whatever is wrong with one is an error or a model that works, never a trap.
@Suite("Damaged folders")
struct FolderMutationTests {
    enum Part: String, CaseIterable, Codable, Sendable { case configuration, header, index, mixture, blocks }

    /// Fewer than of GGUF files: a folder takes longer to load, and there are three kinds.
    static let cases = ModelMutationTests.askedCases ?? 1_000

    @Test("Damaged JSON is refused or loads, within a second and little memory", arguments: Part.allCases)
    func mutations(_ part: Part) async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [part = part as Part] in
            let complaint = try FolderMutationTests.complaint(part) ?? ModelMutationTests.praise
            FileHandle.standardError.write(Data(complaint.utf8))
        }
        let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(output == ModelMutationTests.praise)
    }

    /// Loads all damaged folders; what was wrong with how one was taken, if anything.
    private static func complaint(_ part: Part) throws -> String? {
        try FamilyOracleTests.inTemporaryPlace { url in
            switch part {
            case .configuration, .header, .index: try FamilyFixture.named("gemma3-a").write(.new, .bf16, to: url)
            case .mixture: try FamilyFixture.named("glm4moe-a").write(.new, .bf16, to: url)
            case .blocks: try FamilyFixture.named("gptoss-b").writeMXFP4(to: url)
            }
            let isHeader = part == .header || part == .blocks
            let (weights, config) = (url.appending(path: "model.safetensors"), url.appending(path: "config.json"))
            let index = url.appending(path: "model.safetensors.index.json")
            if part == .index {
                try FileManager.default.moveItem(at: weights, to: url.appending(path: "part.safetensors"))
                let names = try FamilyFixture.named("gemma3-a").tensors.map { ($0.name, "part.safetensors") }
                // Sorted, so that the damage is the same in every run.
                try JSONSerialization.data(
                    withJSONObject: ["weight_map": Dictionary(uniqueKeysWithValues: names)], options: .sortedKeys
                ).write(to: index)
            }
            let file = part == .index ? index : isHeader ? weights : config
            let whole = try Data(contentsOf: file)
            let length =
                isHeader ? Int(whole.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) : whole.count
            let text = isHeader ? Data(whole[8..<8 + length]) : whole
            let kernels = try Kernels.forThisMachine()
            let path = url.path(percentEncoded: false)
            try ModelMutationTests.exercise(path, kernels)
            let before = ModelMutationTests.peakMemory()
            var mutator = JSONMutator(seed: 7)
            var (loaded, refused) = (0, 0)
            for index in 0..<cases {
                let damaged = mutator.mutated(text)
                try (isHeader ? SafetensorsWriter.bytes(header: damaged) + whole[(8 + length)...] : damaged)
                    .write(to: file)
                var message: String?
                let duration = try processorTime {
                    do {
                        try ModelMutationTests.exercise(path, kernels)
                        loaded += 1
                    } catch let error as ModelError {
                        message = error.message
                    }
                }
                if let message {
                    refused += 1
                    guard message.hasPrefix(path), message.utf8.count < 4096, !message.utf8.contains(0x0a) else {
                        return "case \(index) has a poor message: \(message)"
                    }
                }
                guard duration < ModelMutationTests.slowest else { return "case \(index) took \(duration)" }
            }
            let growth = ModelMutationTests.peakMemory() - before
            guard growth < ModelMutationTests.memoryGrowth + whole.count else {
                return "memory grew by \(growth) bytes"
            }
            guard refused > cases / 4, loaded > cases / 500 else { return "\(refused) refused, \(loaded) loaded" }
            return nil
        }
    }
}

/// Damages JSON texts at random, the same way in every run.
struct JSONMutator {
    private static let numbers = [
        "0", "-1", "1", "2", "3", "64", "255", "4096", "2147483647", "2147483648", "4294967296", "9223372036854775807",
        "9223372036854775808", "18446744073709551616", "1e308", "1e309", "-0.0", "0.5", "null", "true", "[]", "{}",
        "\"\"",
        "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "[1,2,3]", "\"\\ud800\"", "\"\\u0000\"",
    ]
    private static let bytes = Array("{}[],:\"\\0123456789.eE+-truefalsn \n_".utf8)

    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func mutated(_ original: Data) -> Data {
        var text = Array(original)
        for _ in 0...random.below(3) where !text.isEmpty { mutate(&text) }
        return Data(text)
    }

    private mutating func mutate(_ text: inout [UInt8]) {
        let place = random.below(text.count)
        switch random.below(7) {
        case 0: text[place] = Self.bytes[random.below(Self.bytes.count)]
        case 1: text[place] ^= 1 << UInt8(random.below(8))
        case 2: text.removeSubrange(place..<min(place + 1 + random.below(30), text.count))
        case 3: text.insert(contentsOf: text[place..<min(place + 1 + random.below(60), text.count)], at: place)
        case 4: text = Array(text.prefix(place))
        default: replaceNumber(&text, from: place)
        }
    }

    /// The next number becomes another value.
    private mutating func replaceNumber(_ text: inout [UInt8], from place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = text[place...].firstIndex(where: { digits.contains($0) }) else { return }
        let last = text[first...].firstIndex { !digits.contains($0) } ?? text.count
        text.replaceSubrange(first..<last, with: Self.numbers[random.below(Self.numbers.count)].utf8)
    }
}
