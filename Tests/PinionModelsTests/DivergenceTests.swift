import Foundation
import PinionTensor
import TestSupport
import Testing

/// The files that `Benchmarks/kl_by_teacher_forcing.py` has made and measured llama.cpp with, by our engine.
///
/// They are too large for the repository: `PINION_TEST_ORACLE` names their folder, and without it nothing runs. Prints
/// a line for each file. The oracle of a quantised file computes with the weights that the file stands for, so that no
/// weight's rounding is in the figures. Models of floats are compared with a cache of floats, too.
@Suite("Divergence from transformers beside llama.cpp's")
struct DivergenceTests {
    static let folder = ProcessInfo.processInfo.environment["PINION_TEST_ORACLE"].map { URL(filePath: $0) }
    /// Our divergence may be as many times llama.cpp's on the same file.
    static let bound = 1.5
    static let names = FamilyFixture.names.filter { name in
        folder.map { FileManager.default.fileExists(atPath: $0.appending(path: "\(name)/\(floatRows)").path) } ?? false
    }
    /// The oracle's rows for a model's floats.
    private static let floatRows = "logits-full.f32"
    /// Of the first two sequences and of chosen positions only: there where the file says less than the folder.
    private static let ownRows = "logits-gguf.f32"

    /// A file of a model with the rows of its oracle, and what `kl.json` calls it.
    struct Subject: Sendable {
        var file: String
        var oracle: String
        var key: String?

        static let folders = ["folder-old", "folder-new"].map { Subject(file: $0, oracle: floatRows) }
        static let halves = Subject(file: "model-f16.gguf", oracle: floatRows, key: "f16")
        static let quantised = ["Q8_0", "Q4_K_M"].map {
            Subject(file: "model-\($0.lowercased()).gguf", oracle: "oracle-\($0.lowercased()).f32", key: $0)
        }

        /// Of a model: quantised files need columns of 256, which models named `-b` have.
        static func all(_ fixture: FamilyFixture) -> [Subject] {
            let hasHalves = fixture.gguf != nil && !fixture.hasLogits(ownRows)
            return folders + (hasHalves ? [halves] : []) + (fixture.model.hasSuffix("-b") ? quantised : [])
        }
    }

    struct Reference: Decodable {
        var kl: Double
    }

    /// Mean Kullback-Leibler divergence of rows of logits from the oracle's, in nats.
    static func divergence(_ oracle: ArraySlice<[Float]>, _ found: ArraySlice<[Float]>) -> Double {
        func logarithms(_ row: [Float]) -> [Double] {
            let largest = Double(row.max() ?? 0)
            let total = row.reduce(0) { $0 + exp(Double($1) - largest) }
            return row.map { Double($0) - largest - log(total) }
        }
        let sum = zip(oracle, found).reduce(0.0) { sum, rows in
            zip(logarithms(rows.0), logarithms(rows.1)).reduce(sum) { $0 + exp($1.0) * ($1.0 - $1.1) }
        }
        return sum / Double(oracle.count)
    }

    @Test("The folder has models", .enabled(if: folder != nil))
    func models() {
        #expect(!Self.names.isEmpty)
    }

    @Test(
        "A file's logits diverge at most half as much again as llama.cpp's", .enabled(if: folder != nil),
        arguments: names)
    func divergence(_ name: String) throws {
        let folder = try #require(Self.folder).appending(path: name)
        // llama.cpp refuses some models of narrow columns.
        let told = try? Data(contentsOf: folder.appending(path: "kl.json"))
        let references = try told.map { try JSONDecoder().decode([String: Reference].self, from: $0) }
        let sequences = try FamilyFixture.inputs().sequences
        let longest = try #require(sequences.last).count
        for subject in Subject.all(try FamilyFixture.named(name)) {
            let path = folder.appending(path: subject.file).path(percentEncoded: false)
            let model = try ModelFixtures.load(path, kernels: .forThisMachine(), workers: 2)
            func rows(_ cacheType: KVCache.ElementType) throws -> [[Float]] {
                try sequences.flatMap { sequence in
                    try ModelFixtures.logits(
                        model, sequence, chunk: FamilyOracleTests.chunk, cacheBlocks: (sequence.count + 15) / 16,
                        cacheType: cacheType)
                }
            }
            let found = try rows(.f16)
            let expected = try FamilyFixture.rows(folder.appending(path: subject.oracle))
            try #require(found.count == expected.count)
            let spread = FamilyOracleTests.deviation(expected)
            let errors = FamilyOracleTests.errors(found, expected, deviation: spread)
            let divergence = Self.divergence(expected.suffix(longest), found.suffix(longest))
            var line = "\(name) \(subject.file): mean \(errors.mean), largest \(errors.largest / spread), "
            line += "divergence \(divergence)"
            if let key = subject.key, let references {
                let reference = try #require(references[key]).kl
                line += ", llama.cpp \(reference)"
                #expect(divergence <= Self.bound * reference, "\(line)")
            }
            if subject.oracle == Self.floatRows {
                let errors = FamilyOracleTests.errors(try rows(.f32), expected, deviation: spread)
                line += ", cache of floats: mean \(errors.mean), worst \(errors.worst)"
                line += ", largest \(errors.largest / spread)"
                let bounds = FamilyOracleTests.bounds
                #expect(errors.mean <= bounds.mean && errors.worst <= bounds.position, "\(line)")
            }
            print(line)
        }
    }
}
