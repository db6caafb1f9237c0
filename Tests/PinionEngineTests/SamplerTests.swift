import Foundation
import PinionEngine
import PinionTensor
import Testing
import TestSupport

@Suite("Sampler")
struct SamplerTests {
    /// Stands for a sampler that chose nothing.
    static let noToken: Int32 = -1

    static func sample(
        _ logits: [Float], seed: UInt64 = 0, stream: Int = 0, kernels: Kernels,
        _ set: (inout SamplingParameters) -> Void = { _ in }
    ) -> SampledToken {
        var parameters = SamplingParameters()
        parameters.seed = seed
        set(&parameters)
        var logits = logits
        let sampler = Sampler(parameters, prompt: [], stream: stream, kernels: kernels)
        return logits.withUnsafeMutableBufferPointer { logits in
            guard case .token(let token) = sampler.sample(logits) else { return SampledToken(id: noToken) }
            return token
        }
    }

    static func logits(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.normal() * 3) }
    }

    /// The tokens that come up in many draws.
    static func support(_ logits: [Float], _ set: (inout SamplingParameters) -> Void) throws -> Set<Int32> {
        let kernels = try Kernels.forThisMachine()
        return Set((0..<2_000).map { sample(logits, seed: $0, kernels: kernels, set).id })
    }

    @Test("At equal weights top-p keeps the lowest ids, no more than its share needs")
    func topPTies() throws {
        let equal = [Float](repeating: 1.5, count: 8)
        #expect(try Self.support(equal) { $0.topP = 0.5 } == [0, 1, 2, 3])
        #expect(try Self.support(equal) { $0.topP = 0.500001 } == [0, 1, 2, 3, 4])
        #expect(try Self.support(equal) { $0.topP = 0.125 } == [0])
        #expect(try Self.support(equal) { $0.topP = 1 } == Set(0..<8))
        // Two likely tokens, then a tie across the boundary: 4/11 + 4/11 + 1/11 >= 0.8.
        let four = Float(log(4.0))
        let stepped: [Float] = [0, four, 0, four, 0]
        #expect(try Self.support(stepped) { $0.topP = 0.8 } == [0, 1, 3])
        #expect(try Self.support(stepped) { $0.topP = 0.7 } == [1, 3])
        #expect(try Self.support(stepped) { $0.topP = 1e-9 } == [1])
    }

    @Test("At equal weights top-k keeps the lowest ids, and min-p keeps them all")
    func otherTies() throws {
        let equal = [Float](repeating: -2, count: 6)
        #expect(try Self.support(equal) { $0.topK = 2 } == [0, 1])
        #expect(try Self.support(equal) { $0.topK = 100 } == Set(0..<6))
        #expect(try Self.support(equal) { $0.minP = 1 } == Set(0..<6))
        #expect(try Self.support([0, 3, 3, 2.9]) { $0.minP = 1 } == [1, 2])
        #expect(try Self.support([0, 3, 3, 2.9]) { $0.topK = 1 } == [1])
    }

    @Test("Greedy takes the lowest id of the most likely, whatever the cuts")
    func greedy() throws {
        for kernels in Kernels.available {
            let logits: [Float] = [-1, 4, 2, 4, 4, -.infinity]
            let token = Self.sample(logits, kernels: kernels) { ($0.temperature, $0.topP, $0.topK) = (0, 0.2, 3) }
            #expect(token == SampledToken(id: 1))
            for seed in 0..<50 {
                let logits = Self.logits(300, seed: UInt64(seed))
                let best = try #require(logits.indices.max { (logits[$0], $1) < (logits[$1], $0) })
                #expect(Self.sample(logits, kernels: kernels) { $0.temperature = 0 }.id == Int32(best))
            }
        }
    }

    @Test("A logit that is no number is never an alternative, and drives none out", arguments: Kernels.available)
    func alternativesAreNumbers(_ kernels: Kernels) {
        for (place, logits) in [
            [.nan, 1, 3, 2], [1, .nan, 3, 2], [1, 3, .nan, 2], [1, 3, 2, .nan],
            [.nan, 3, .nan, .nan, 1, .nan, 2, .nan],
        ].enumerated() as EnumeratedSequence<[[Float]]> {
            let sound = logits.indices.filter { !logits[$0].isNaN }.sorted { logits[$0] > logits[$1] }
            for top in 1...4 {
                let token = Self.sample(logits, kernels: kernels) { $0.logprobs = top }
                #expect(token.alternatives.map(\.id) == sound.prefix(top).map(Int32.init), "row \(place), top \(top)")
                #expect(token.alternatives.allSatisfy { $0.logprob.isFinite && $0.logprob <= 0 }, "row \(place)")
            }
        }
    }

    @Test(
        "Logits that are no number do not win, and a row without a finite largest one has no token",
        arguments: [0, 1, 0.01] as [Float])
    func notFinite(_ temperature: Float) throws {
        for kernels in Kernels.available {
            func id(_ logits: [Float], _ set: (inout SamplingParameters) -> Void = { _ in }) -> Int32 {
                Self.sample(logits, kernels: kernels) { parameters in
                    parameters.temperature = temperature
                    parameters.logprobs = 3
                    set(&parameters)
                }.id
            }
            let nan = Float.nan
            #expect(id([nan, 1, nan, nan]) == 1)
            #expect(id([nan, -.infinity, 2, nan]) == 2)
            #expect(id([1, nan, -.infinity]) == 0)
            #expect(id([-.infinity, -.infinity, -3]) == 2)
            #expect(id([-.greatestFiniteMagnitude, .greatestFiniteMagnitude]) == 1)
            for logits in [
                [nan, nan, nan], [1, 2, .infinity, 3], [.infinity, .infinity, nan], [-.infinity, -.infinity], [nan],
                [Float](repeating: nan, count: 100),
            ] {
                for (minP, topK, topP) in [(0, nil, 1), (0, 2, 1), (1, nil, 0.5), (0, nil, 1e-7)]
                    as [(Float, Int?, Float)]
                {
                    #expect(id(logits) { ($0.minP, $0.topK, $0.topP) = (minP, topK, topP) } == Self.noToken)
                }
            }
        }
    }

    @Test("Extreme temperatures choose a token of the support")
    func extremeTemperatures() throws {
        let kernels = try Kernels.forThisMachine()
        let logits = Self.logits(200, seed: 4)
        let best = Self.sample(logits, kernels: kernels) { $0.temperature = 0 }.id
        for temperature in [Float.leastNonzeroMagnitude, .leastNormalMagnitude, 1e-20, 1e-4] {
            #expect(Self.sample(logits, kernels: kernels) { $0.temperature = temperature }.id == best)
        }
        let hot = try Self.support(logits) { $0.temperature = .greatestFiniteMagnitude }
        #expect(hot.count == 200)
    }

    @Test("Log probabilities are the log softmax of the raw logits, alternatives in order")
    func logprobs() throws {
        for kernels in Kernels.available {
            for (seed, count) in [(1, 50), (2, 5_000), (3, 17), (4, 1)] {
                let logits = Self.logits(count, seed: UInt64(seed))
                let highest = Double(try #require(logits.max()))
                let total = highest + log(logits.reduce(0.0) { $0 + exp(Double($1) - highest) })
                let expected = logits.map { Double($0) - total }
                // Bias, penalty, temperature and cuts change the choice, and nothing of the report.
                let token = Self.sample(logits, seed: 9, kernels: kernels) { parameters in
                    (parameters.temperature, parameters.topP, parameters.logprobs) = (0.5, 0.9, 20)
                    parameters.logitBias = [0: 30]
                }
                let logprob = try #require(token.logprob)
                #expect(abs(Double(logprob) - expected[Int(token.id)]) < 1e-5)
                let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
                #expect(token.alternatives.map(\.id) == order.prefix(20).map(Int32.init))
                for candidate in token.alternatives {
                    #expect(abs(Double(candidate.logprob) - expected[Int(candidate.id)]) < 1e-5)
                }
            }
        }
    }

    @Test("Tied alternatives are listed by id, and none are unless asked for")
    func alternatives() throws {
        let kernels = try Kernels.forThisMachine()
        let logits: [Float] = [1, 3, 1, 3, 1, 3]
        #expect(Self.sample(logits, kernels: kernels) { $0.logprobs = 4 }.alternatives.map(\.id) == [1, 3, 5, 0])
        let equal = [Float](repeating: 2, count: 9)
        #expect(Self.sample(equal, kernels: kernels) { $0.logprobs = 3 }.alternatives.map(\.id) == [0, 1, 2])
        let none = Self.sample(logits, kernels: kernels) { $0.logprobs = 0 }
        #expect(none.logprob != nil && none.alternatives.isEmpty)
        #expect(Self.sample(logits, kernels: kernels).logprob == nil)
    }

    @Test("A seed repeats its draws on every instruction set; other seeds and streams draw differently")
    func seeds() throws {
        func run(seed: UInt64, stream: Int, kernels: Kernels) -> [Int32] {
            var parameters = SamplingParameters()
            (parameters.seed, parameters.topP, parameters.temperature) = (seed, 0.97, 1.2)
            let sampler = Sampler(parameters, prompt: [], stream: stream, kernels: kernels)
            return (0..<40).map { SamplerDistributionTests.draw(sampler, Self.logits(500, seed: UInt64($0))) }
        }
        let keys = [(1, 0), (1, 1), (1, 2), (2, 0), (0, 1), (.max, 0)] as [(UInt64, Int)]
        let runs = try keys.map { run(seed: $0, stream: $1, kernels: try .forThisMachine()) }
        #expect(Set(runs).count == keys.count)
        for kernels in Kernels.available {
            #expect(keys.map { run(seed: $0, stream: $1, kernels: kernels) } == runs)
        }
    }
}
