import PinionEngine
import PinionTensor
import Testing
import TestSupport

/// Draws compared with the reference's probabilities. All seeds are fixed, so a result is the same in every run.
@Suite("Sampler distribution")
struct SamplerDistributionTests {
    static let draws = 20_000
    /// Cuts nearer than this to a token are left to another random draw of the logits; see `ReferenceSampling`.
    static let leastMargin = 2e-5

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var vocabulary: Int
        var parameters = SamplingParameters()
        var prompt: [Int32] = []
        /// Tokens that the sampler is made to choose before the draw.
        var history: [Int32] = []

        var testDescription: String { "\(name), temperature \(parameters.temperature), \(vocabulary) tokens" }
    }

    private static func combinations(_ vocabulary: Int) -> [Case] {
        var cases: [Case] = []
        func add(
            _ name: String, prompt: [Int32] = [], history: [Int32] = [],
            _ set: (inout SamplingParameters) -> Void = { _ in }
        ) {
            var item = Case(name: name, vocabulary: vocabulary, prompt: prompt, history: history)
            set(&item.parameters)
            cases.append(item)
        }
        add("plain")
        add("top-p") { $0.topP = 0.9 }
        add("small top-p") { $0.topP = 0.35 }
        add("top-k") { $0.topK = 7 }
        add("min-p") { $0.minP = 0.08 }
        add("top-k and top-p") { ($0.topK, $0.topP) = (20, 0.8) }
        add("min-p, top-k and top-p") { ($0.minP, $0.topK, $0.topP) = (0.02, 30, 0.95) }
        add("presence and frequency", history: [3, 9, 3, 3, 21, 9]) {
            ($0.presencePenalty, $0.frequencyPenalty) = (0.7, 0.4)
        }
        add("negative penalties", prompt: [4, 5], history: [3, 9, 3]) {
            ($0.presencePenalty, $0.frequencyPenalty) = (-0.5, -0.3)
        }
        add("repetition", prompt: [1, 2, 2, 30], history: [5, 1]) { $0.repetitionPenalty = 1.4 }
        add("bias") { $0.logitBias = [0: 2.5, 7: -100, 49: 1.25] }
        add("everything", prompt: [1, 2, 30], history: [5, 1, 5]) { parameters in
            (parameters.minP, parameters.topK, parameters.topP) = (0.01, 40, 0.9)
            (parameters.presencePenalty, parameters.frequencyPenalty) = (0.3, 0.6)
            parameters.repetitionPenalty = 1.2
            parameters.logitBias = [11: 2, 12: -3, 5: 1]
        }
        return cases
    }

    static let small = ([0.3, 1, 1.7] as [Float]).flatMap { temperature in
        combinations(50).map { item in
            var item = item
            item.parameters.temperature = temperature
            return item
        }
    }

    static let large = zip([0, 1, 6, 11], [1, 1.7, 0.3, 1] as [Float]).map { index, temperature in
        var item = combinations(5_000)[index]
        item.parameters.temperature = temperature
        return item
    }

    @Test("Draws follow the reference's distribution, and never leave its support", arguments: small + large)
    func distribution(_ item: Case) throws {
        let kernels = try Kernels.forThisMachine()
        let (logits, expected) = try Self.logits(for: item)
        var counts = [Int](repeating: 0, count: item.vocabulary)
        for draw in 0..<Self.draws {
            var parameters = item.parameters
            // Half of the draws differ by their seed, half by their stream.
            parameters.seed = UInt64(draw / 2)
            let sampler = Sampler(parameters, prompt: item.prompt, stream: draw % 2, kernels: kernels)
            for token in item.history { Self.force(sampler, token, vocabulary: item.vocabulary) }
            counts[Int(Self.draw(sampler, logits))] += 1
        }
        for (id, count) in counts.enumerated() where expected[id] == 0 {
            #expect(count == 0, "token \(id) is cut, but was drawn \(count) times")
        }
        let fit = ChiSquare.test(counts, expected)
        #expect(fit.statistic < fit.bound, "chi-square \(fit.statistic), at most \(fit.bound) expected")
    }

    @Test("A distribution that is a little off fails the same comparison")
    func power() throws {
        let item = Case(name: "plain", vocabulary: 50)
        let kernels = try Kernels.forThisMachine()
        let (logits, expected) = try Self.logits(for: item)
        var counts = [Int](repeating: 0, count: item.vocabulary)
        for draw in 0..<Self.draws {
            var parameters = item.parameters
            parameters.seed = UInt64(draw)
            parameters.temperature = 1.08
            counts[Int(Self.draw(Sampler(parameters, prompt: [], stream: 0, kernels: kernels), logits))] += 1
        }
        let fit = ChiSquare.test(counts, expected)
        #expect(fit.statistic > fit.bound)
    }

    /// The first random logits whose cuts fall clear of any token.
    private static func logits(for item: Case) throws -> ([Float], [Double]) {
        for seed in 1...UInt64(20) {
            var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(item.vocabulary))
            let logits = (0..<item.vocabulary).map { _ in Float(generator.normal() * 2) }
            let reference = ReferenceSampling.distribution(
                logits, item.parameters, prompt: item.prompt, generated: item.history)
            if reference.margin > leastMargin { return (logits, reference.probabilities) }
        }
        Issue.record("no logits with clear cuts")
        return ([], [])
    }

    static func draw(_ sampler: Sampler, _ logits: [Float]) -> Int32 {
        var logits = logits
        return logits.withUnsafeMutableBufferPointer {
            guard case .token(let token) = sampler.sample($0) else { return -1 }
            return token.id
        }
    }

    /// Makes the sampler choose a token, which becomes part of its generated text.
    private static func force(_ sampler: Sampler, _ token: Int32, vocabulary: Int) {
        var logits = [Float](repeating: -1e6, count: vocabulary)
        logits[Int(token)] = 1e6
        #expect(draw(sampler, logits) == token)
    }
}
