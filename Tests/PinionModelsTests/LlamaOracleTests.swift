import PinionModels
import PinionTensor
import Testing

@Suite("Tiny Llama models against transformers")
struct LlamaOracleTests {
    /// Float formats differ from the oracle by rounding and by a cache of halves; quantised ones also by rounding activations
    /// to bytes, which the oracle does not do. Bounds are on the root mean square error at the worst position over the size
    /// of the logits there: a quarter above what is measured, which is the same on every machine. Not over all 40 positions
    /// together: under such a bound of 0.05 one of them may be wrong by a third of its size.
    static let bounds: [(name: String, bound: Float)] = [
        ("tiny-llama-f32", 0.0012), ("tiny-llama-f16", 0.0013), ("tiny-llama-bf16", 0.0014),
        ("tiny-llama-headdim", 0.09), ("tiny-llama-q4_0", 0.05), ("tiny-llama-q4_1", 0.075), ("tiny-llama-q8_0", 0.058),
        ("tiny-llama-q5_0", 0.085), ("tiny-llama-q5_1", 0.059), ("tiny-llama-q4_k", 0.037), ("tiny-llama-q5_k", 0.038),
        ("tiny-llama-q6_k", 0.033),
    ]

    /// The same with a cache of floats.
    static let floatCacheBound: Float = 0.00002

    @Test("Logits equal the oracle's within the format's rounding", arguments: bounds)
    func logits(_ name: String, _ bound: Float) throws {
        let (tokens, expected) = try ModelFixtures.oracle(name)
        for kernels in Kernels.available {
            let model = try ModelFixtures.load(ModelFixtures.modelPath(name), kernels: kernels)
            let found = try ModelFixtures.logits(model, tokens, chunk: 7)
            let worst = ModelFixtures.worstPosition(found, expected)
            #expect(worst.error < bound, "\(kernels.name): \(worst.error) at position \(worst.position)")
        }
    }

    @Test(
        "With a cache of floats, too, float weights leave the rounding of sums alone",
        arguments: ["tiny-llama-f32", "tiny-llama-f16", "tiny-llama-bf16"])
    func floatCache(_ name: String) throws {
        let (tokens, expected) = try ModelFixtures.oracle(name)
        let model = try ModelFixtures.load(ModelFixtures.modelPath(name), kernels: .forThisMachine())
        let found = try ModelFixtures.logits(model, tokens, chunk: 7, cacheType: .f32)
        let worst = ModelFixtures.worstPosition(found, expected)
        #expect(worst.error < Self.floatCacheBound, "\(worst.error) at position \(worst.position)")
    }

    @Test("Every instruction set gives the same bits", arguments: bounds.map(\.name))
    func sameBits(_ name: String) throws {
        let (tokens, _) = try ModelFixtures.oracle(name)
        let results = try Kernels.available.map { kernels in
            let model = try ModelFixtures.load(ModelFixtures.modelPath(name), kernels: kernels)
            return try ModelFixtures.logits(model, tokens, chunk: 5)
        }
        for (kernels, result) in zip(Kernels.available, results) {
            #expect(result == results[0], "\(kernels.name) differs from \(Kernels.available[0].name)")
        }
    }

    @Test("Chunks, workers and the width of a step do not change a bit", arguments: bounds.map(\.name))
    func invariance(_ name: String) throws {
        let (tokens, _) = try ModelFixtures.oracle(name)
        let kernels = try Kernels.forThisMachine()
        let path = ModelFixtures.modelPath(name)
        let alone = try ModelFixtures.logits(ModelFixtures.load(path, kernels: kernels), tokens, chunk: 1)
        for workers in 1...3 {
            let model = try ModelFixtures.load(path, kernels: kernels, workers: workers)
            for chunk in [1, 3, 17, tokens.count] {
                let found = try ModelFixtures.logits(model, tokens, chunk: chunk)
                #expect(found == alone, "\(workers) workers, chunk \(chunk)")
            }
        }
    }
}
