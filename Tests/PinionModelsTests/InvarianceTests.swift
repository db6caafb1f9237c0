import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// The law of the house: a request's logits do not depend on the neighbours, the chunks or the workers.
@Suite("Numbers that do not depend on the neighbours")
struct InvarianceTests {
    /// A request among others: its own prompt of `chunk` tokens at a time, beside `neighbours` sequences that are anywhere
    /// between the start of their prompt and the middle of their reply.
    private struct Crowd {
        static let promptTokens = 40
        static let replyTokens = 6
        static let blocksPerSequence = 8
        /// A prompt, and as many tokens beside it.
        static let stepTokens = 128

        let vocabulary: Int
        let neighbours: Int
        let chunk: Int
        let cacheType: KVCache.ElementType
        var random: SeededGenerator

        /// Logits of the request after its prompt and after each token of its reply.
        mutating func logits(_ model: any LanguageModel, _ text: [Int32]) throws -> [[Float]] {
            let cache = try KVCache(
                shape: model.shape.cache, elementType: cacheType, blocks: (neighbours + 1) * Self.blocksPerSequence)
            var free = (0..<Int32(cache.blocks)).shuffled(using: &random)
            func table() -> [Int32] {
                defer { free.removeFirst(Self.blocksPerSequence) }
                return Array(free.prefix(Self.blocksPerSequence))
            }
            let own = table()
            var others = (0..<neighbours).map { _ in (table: table(), computed: 0) }
            var rows: [[Float]] = []
            var computed = 0
            while computed < text.count {
                let inPrompt = computed < Self.promptTokens
                let count = inPrompt ? min(chunk, Self.promptTokens - computed) : 1
                let place = Int.random(in: 0...neighbours, using: &random)
                var batch = StepBatch()
                var row = 0
                for index in 0..<neighbours + 1 {
                    if index == place {
                        row = batch.outputs.count
                        let wanted = computed + count >= Self.promptTokens
                        batch.append(
                            text[computed..<computed + count], start: computed, table: own, wantsOutput: wanted)
                    }
                    if index < neighbours { add(&others[index], to: &batch) }
                }
                computed += count
                let result = try model.forward(batch, cache: cache)
                if computed >= Self.promptTokens {
                    let first = result + row * vocabulary
                    rows.append(Array(UnsafeBufferPointer(start: first, count: vocabulary)))
                }
            }
            return rows
        }

        /// A few tokens of a neighbour, who starts anew when its blocks are full.
        private mutating func add(_ other: inout (table: [Int32], computed: Int), to batch: inout StepBatch) {
            let room = Self.blocksPerSequence * KVCache.blockTokens - other.computed
            if room < Self.blocksPerSequence { other.computed = 0 }
            let count = Bool.random(using: &random) ? 1 : Int.random(in: 2...5, using: &random)
            let tokens = (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
            batch.append(
                tokens, start: other.computed, table: other.table, wantsOutput: Bool.random(using: &random))
            other.computed += count
        }
    }

    /// What the weights are makes no difference to the cache; a head's width does.
    private static let otherCaches = ["tiny-llama-q4_1", "tiny-llama-headdim"].flatMap {
        [($0, KVCache.ElementType.q8), ($0, .f32)]
    }

    @Test(
        "Alone or beside 1, 6 or 15 others, with chunks of 1, 17 or all, with 1, 2 or 3 workers: the same bits",
        arguments: LlamaOracleTests.bounds.map { ($0.name, KVCache.ElementType.f16) }
            + otherCaches)
    func crowd(_ name: String, _ cacheType: KVCache.ElementType) throws {
        try Self.check(ModelFixtures.modelPath(name), cacheType, isPortableToo: name == "tiny-llama-q4_1")
    }

    @Test(
        "In a mixture of experts neither the neighbours' experts nor their number change a bit",
        arguments: [
            ("qwen2moe-a", nil), ("qwen3moe-b", nil), ("qwen3moe-b", Quantisation.q4_0), ("granitemoeshared-a", nil),
            ("glm4moe-b", .q8_0), ("gptoss-a", nil), ("gptoss-b", .q8_0),
        ])
    func experts(_ name: String, _ quantisation: Quantisation?) throws {
        let fixture = try FamilyFixture.named(name)
        try FamilyOracleTests.inTemporaryPlace { url in
            let file = url.appending(path: "model.gguf")
            try fixture.ggufBytes().write(to: file)
            try Self.check(file.path(percentEncoded: false), .f16, quantisation, isPortableToo: false)
        }
    }

    private static func check(
        _ path: String, _ cacheType: KVCache.ElementType, _ quantisation: Quantisation? = nil, isPortableToo: Bool
    ) throws {
        var random = SeededGenerator(seed: 70)
        for kernels in Kernels.available where kernels.name != "portable" || isPortableToo {
            var expected: [[Float]]?
            for workers in 1...3 {
                let model = try ModelFixtures.load(
                    path, kernels: kernels, workers: workers,
                    limits: StepLimits(tokens: Crowd.stepTokens, outputs: 16), quantisation: quantisation)
                let vocabulary = model.shape.vocabulary
                let text = (0..<Crowd.promptTokens + Crowd.replyTokens).map { Int32($0 * 37 % vocabulary) }
                for neighbours in [0, 1, 6, 15] {
                    for chunk in [1, 17, Crowd.promptTokens] {
                        var crowd = Crowd(
                            vocabulary: vocabulary, neighbours: neighbours, chunk: chunk, cacheType: cacheType,
                            random: random)
                        let found = try crowd.logits(model, text)
                        random = crowd.random
                        #expect(found.count == Crowd.replyTokens + 1)
                        #expect(found.joined().allSatisfy { $0.isFinite })
                        let reference = expected ?? found
                        expected = reference
                        #expect(
                            found == reference,
                            "\(kernels.name): \(workers) workers, \(neighbours) neighbours, chunks of \(chunk)")
                    }
                }
            }
        }
    }
}
