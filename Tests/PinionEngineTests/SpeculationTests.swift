import EngineTestSupport
import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor
import Testing

/// The same requests to an engine with and to one without speculation.
@Suite("Speculation")
struct SpeculationTests {
    /// A sink's ten seconds are for each sequence, so a test asks for few at a time.
    struct Reply: Equatable {
        var tokens: [SampledToken]
        var outcome: SequenceOutcome
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var adjust: @Sendable (inout SamplingParameters) -> Void

        var testDescription: String { name }
    }

    /// Tokens of which all text is made where a bias allows no others, so that every few tokens repeat an earlier part.
    static let alphabet = CyclicSource.cycle
    static let onlyAlphabet = Dictionary(uniqueKeysWithValues: alphabet.map { ($0, Float(40)) })
    static let repetitive: [Int32] = Array((0..<12).map { _ in [11, 12, 13, 14, 20, 12, 11] as [Int32] }.joined())

    static let cases: [Case] = [
        .init(name: "greedy") { $0.temperature = 0 },
        .init(name: "greedy with penalties and log probabilities") {
            $0.logitBias = onlyAlphabet
            $0.temperature = 0
            $0.presencePenalty = 0.5
            $0.frequencyPenalty = 0.05
            $0.logprobs = 3
        },
        .init(name: "sampled from four tokens") {
            $0.logitBias = onlyAlphabet
            $0.temperature = 0.7
        },
        .init(name: "sampled from four tokens with every penalty and cut, and log probabilities") {
            $0.logitBias = onlyAlphabet
            $0.repetitionPenalty = 1.05
            $0.presencePenalty = 0.2
            $0.frequencyPenalty = 0.01
            $0.minP = 0.01
            $0.topK = 50
            $0.topP = 0.98
            $0.logprobs = 2
        },
        .init(name: "sampled from the whole vocabulary") { $0.temperature = 1 },
    ]

    static func engine(
        _ speculation: Bool, _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> Engine {
        var configuration = EngineTests.configuration
        configuration.speculation = speculation
        adjust(&configuration)
        return try await Engine.start(CyclicSource(path: EngineTests.path("tiny-llama-q4_1")), configuration)
    }

    static func replies(_ engine: Engine, _ requests: [(EngineRequest, [RecordingSink])]) throws -> [Reply] {
        for (request, _) in requests { try engine.submit(request) }
        return try requests.flatMap(\.1).map { sink in
            let result = try #require(sink.wait())
            return Reply(tokens: result.tokens, outcome: result.outcome)
        }
    }

    static func request(
        _ prompt: [Int32] = repetitive, maximum: Int? = 60, seed: UInt64 = 1, choices: Int = 1, stopAfter: Int? = nil,
        endTokens: Set<Int32> = [], sampling adjust: (inout SamplingParameters) -> Void
    ) -> (EngineRequest, [RecordingSink]) {
        let sinks = (0..<choices).map { _ in RecordingSink(stopAfter: stopAfter) }
        var request = EngineTests.request(prompt, sinks, maximum: maximum, seed: seed, endTokens: endTokens)
        adjust(&request.sampling)
        return (request, sinks)
    }

    @Test("Tokens, log probabilities and ends are the same with and without", arguments: cases)
    func equality(_ item: Case) async throws {
        let (plain, speculating) = (try await Self.engine(false), try await Self.engine(true))
        for seed in 1...3 as ClosedRange<UInt64> {
            func requests() -> [(EngineRequest, [RecordingSink])] {
                [
                    Self.request(seed: seed, sampling: item.adjust),
                    Self.request(seed: seed, choices: 3, sampling: item.adjust),
                    Self.request(EngineTests.prompt(Int(seed), 30), maximum: 90, seed: seed, sampling: item.adjust),
                ]
            }
            for request in 0..<3 {
                let expected = try Self.replies(plain, [requests()[request]])
                #expect(try Self.replies(speculating, [requests()[request]]) == expected)
            }
            #expect(try Self.replies(speculating, requests()) == Self.replies(plain, requests()))
        }
        #expect(plain.statistics.draftedTokens == 0)
        #expect(plain.statistics.sampledTokens == speculating.statistics.sampledTokens)
        if item.name != Self.cases.last?.name {
            #expect(speculating.statistics.acceptedTokens > 30)
            #expect(speculating.statistics.steps < plain.statistics.steps)
        }
    }

    @Test("Some drafts are accepted and some are not, in one text")
    func rejections() async throws {
        let engine = try await Self.engine(true)
        _ = try Self.replies(engine, [Self.request(maximum: 300, sampling: Self.cases[2].adjust)])
        let statistics = engine.statistics
        #expect(statistics.sampledTokens == 300)
        #expect(statistics.acceptedTokens > 5)
        #expect(statistics.draftedTokens > statistics.acceptedTokens + 5)
    }

    @Test("Greedy text that repeats itself takes a fraction of the steps")
    func fewerSteps() async throws {
        let engine = try await Self.engine(true)
        // A bias so strong that one token follows another for ever.
        let request = Self.request([5, 6, 7], maximum: 200) { sampling in
            sampling.temperature = 0
            sampling.logitBias = [9: 100]
        }
        let reply = try Self.replies(engine, [request])[0]
        #expect(reply.tokens.map(\.id) == Array(repeating: 9, count: 200))
        #expect(engine.statistics.sampledTokens == 200)
        #expect(engine.statistics.steps < 30)
        // None for what would come after the limit.
        #expect(engine.statistics.draftedTokens == engine.statistics.acceptedTokens)
    }

    @Test("A sequence ends at the very token that a sink, an end token, the limit or the context says")
    func ends() async throws {
        let (plain, speculating) = (try await Self.engine(false), try await Self.engine(true))
        for adjust in [Self.cases[0].adjust, Self.cases[2].adjust] {
            for count in 1...30 {
                func requests() -> [(EngineRequest, [RecordingSink])] {
                    [
                        Self.request(stopAfter: count, sampling: adjust),
                        Self.request(maximum: count, sampling: adjust),
                        Self.request(
                            seed: UInt64(count), endTokens: [Self.alphabet[count % Self.alphabet.count]],
                            sampling: adjust),
                    ]
                }
                let found = try Self.replies(speculating, requests())
                #expect(found == (try Self.replies(plain, requests())))
                #expect(found[0].outcome.reason == .stop && found[0].outcome.generatedTokens == count)
                #expect(found[1].outcome.reason == .length && found[1].outcome.generatedTokens == count)
            }
        }
        #expect(speculating.statistics.acceptedTokens > 200)
        #expect(speculating.statistics.sampledTokens == plain.statistics.sampledTokens)
        for context in 90...100 {
            let engine = try await Self.engine(true) { $0.contextLength = context }
            let reply = try Self.replies(engine, [Self.request(maximum: nil, sampling: Self.cases[0].adjust)])[0]
            let count = context - Self.repetitive.count
            #expect(reply.outcome.reason == .length && reply.outcome.generatedTokens == count)
            #expect(reply.tokens.count == count)
        }
    }

    @Test("Preempted sequences speculate on to the same tokens, in steps of any size", arguments: [512, 7, 4])
    func preemption(_ tokensPerStep: Int) async throws {
        let file = try ModelPackage(path: EngineTests.path("tiny-llama-q4_1"))
        func run(_ speculation: Bool, blocks: Int?) async throws -> (Engine, [Reply]) {
            let engine = try await Self.engine(speculation) { configuration in
                configuration.contextLength = 160
                configuration.tokensPerStep = tokensPerStep
                guard let blocks, let plan = try? ModelLoader.plan(file, limits: configuration.stepLimits) else {
                    return
                }
                let share = MemoryPlan.share(for: plan, cacheType: configuration.cacheType, cacheBlocks: blocks)
                configuration.ledger = MemoryLedger(budget: share)
            }
            let requests = (1...4).map { Self.request(seed: UInt64($0), sampling: Self.cases[$0 % 2 * 2].adjust) }
            return (engine, try Self.replies(engine, requests))
        }
        let (plain, expected) = try await run(false, blocks: nil)
        let (speculating, found) = try await run(true, blocks: 14)
        #expect(plain.description.memory.cacheBlocks == 40 && speculating.description.memory.cacheBlocks < 16)
        #expect(found == expected)
        // How many depends on which requests meet in a step.
        #expect(tokensPerStep < 5 || speculating.statistics.acceptedTokens > 5)
    }
}
