import Foundation
import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor
import TestSupport
import Testing

/// The law of the house with everything on: scheduler, prefix cache, shared prompts, drafts and preemption.
@Suite("Replies that do not depend on the neighbours")
struct EngineInvarianceTests {
    private struct Conversation {
        var prompt: [Int32]
        var tenant: String
        var seed: UInt64
        var temperature: Float
        var choices: Int
        var maximum: Int

        func request(_ sinks: [RecordingSink], tenant: String? = nil) -> EngineRequest {
            var sampling = SamplingParameters()
            sampling.seed = seed
            sampling.temperature = temperature
            sampling.logprobs = 2
            return EngineRequest(
                prompt: prompt, tenant: tenant ?? self.tenant, sampling: sampling, maximumTokens: maximum,
                endTokens: [],
                choices: sinks.map { .init(sink: $0) })
        }

        func sinks() -> [RecordingSink] { (0..<choices).map { _ in RecordingSink() } }
    }

    /// Prompts that begin like others, of a few tenants; some repeat themselves, so that there is something to guess.
    private static func conversations(_ count: Int, seed: UInt64) -> [Conversation] {
        var random = SeededGenerator(seed: seed)
        let texts: [[Int32]] = (0..<3).map { EngineTests.prompt($0, 90) }
        return (0..<count).map { index -> Conversation in
            var prompt = Array(texts[random.below(3)].prefix(random.below(80)))
            for _ in 0..<1 + random.below(20) { prompt.append(Int32(random.below(300))) }
            if index % 4 == 0 { for place in 0..<18 { prompt.append(Int32(7 + place % 3)) } }
            return Conversation(
                prompt: prompt, tenant: "tenant \(random.below(3))",
                seed: UInt64(index), temperature: index % 3 == 0 ? 0 : 1, choices: 1 + index % 5 / 3,
                maximum: 1 + random.below(30))
        }
    }

    /// Models, and what their cache holds.
    static let crowds: [(name: String, cacheType: KVCache.ElementType)] = [
        ("tiny-llama-q4_1", .f16), ("tiny-llama-f16", .f16), ("tiny-llama-q6_k", .f16), ("tiny-llama-q4_1", .q8),
        ("tiny-llama-f16", .q8), ("tiny-llama-f16", .f32),
    ]

    @Test(
        "Tokens and log probabilities are the same alone and afresh, and in a crowd that shares, waits and is preempted",
        arguments: crowds)
    func crowd(_ name: String, _ cacheType: KVCache.ElementType) async throws {
        let drafted = try await Self.crowd(path: EngineTests.path(name), cacheType, Self.conversations(60, seed: 11))
        // Steps small enough for drafts come when the crowd thins out.
        #expect(drafted > 0 || name != "tiny-llama-q4_1")
    }

    /// Floats for one family of each kind of attention, which is where types differ: plain, in a window, and capped.
    static let familyCaches: [(name: String, cacheType: KVCache.ElementType)] =
        FamilyFixture.names.filter { $0.hasSuffix("-a") }.flatMap { [($0, .f16), ($0, .q8)] }
        + ["llama-a", "mistral-a", "gemma2-a"].map { ($0, .f32) }

    @Test(
        "The same for every family: windows, soft caps, norms and rotations know no neighbours",
        arguments: familyCaches)
    func families(_ name: String, _ cacheType: KVCache.ElementType) async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "pinion-engine-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try FamilyFixture.named(name).write(.new, .f32, to: url)
        _ = try await Self.crowd(
            path: url.path(percentEncoded: false), cacheType, Self.conversations(60, seed: 12), steps: 1)
    }

    /// - Parameter steps: How many of the crowds are tried.
    /// - Returns: Drafted tokens.
    private static func crowd(
        path: String, _ cacheType: KVCache.ElementType, _ conversations: [Conversation], steps: Int = 3
    ) async throws -> Int {
        let quiet = try await EngineTests.engine(path: path) { configuration in
            configuration.speculation = false
            configuration.threads = 1
            configuration.contextLength = 160
            configuration.cacheType = cacheType
        }
        // Nobody's prompt is found by a tenant that has none but this one.
        let expected = try conversations.enumerated().map { index, conversation in
            let sinks = conversation.sinks()
            try quiet.submit(conversation.request(sinks, tenant: "alone \(index)"))
            return try sinks.map { try #require($0.wait()).tokens }
        }
        #expect(quiet.statistics.cachedTokens == 0 && quiet.statistics.preemptions == 0)

        let plan = try ModelLoader.plan(try ModelPackage(path: path), limits: EngineConfiguration().stepLimits)
        var (drafted, preemptions) = (0, 0)
        for (sequences, blocks, budget) in [(6, 16, 24), (3, 60, 512), (8, 12, 33)].prefix(steps) {
            let crowded = try await EngineTests.engine(path: path) { configuration in
                configuration.maximumSequences = sequences
                configuration.tokensPerStep = budget
                configuration.contextLength = 160
                configuration.threads = 2
                configuration.cacheType = cacheType
                configuration.ledger = MemoryLedger(
                    budget: MemoryPlan.share(for: plan, cacheType: cacheType, cacheBlocks: blocks))
            }
            #expect(crowded.description.cacheType == cacheType)
            for round in 0..<2 {
                let sinks = conversations.map { $0.sinks() }
                for (conversation, sinks) in zip(conversations, sinks) {
                    try crowded.submit(conversation.request(sinks))
                }
                for (index, sinks) in sinks.enumerated() {
                    let found = try sinks.map { try #require($0.wait()).tokens }
                    #expect(found == expected[index], "conversation \(index), round \(round), \(blocks) blocks")
                }
            }
            #expect(crowded.statistics.cachedTokens > 1000)
            drafted += crowded.statistics.draftedTokens
            preemptions += crowded.statistics.preemptions
        }
        #expect(preemptions > 0)
        return drafted
    }

    @Test("A second turn computes only what is new, and another tenant's prompt is computed whole")
    func secondTurn() async throws {
        let engine = try await EngineTests.engine { $0.contextLength = 256 }
        func run(_ prompt: [Int32], _ tenant: String) throws -> (ids: [Int32], cached: Int, computed: Int) {
            let before = engine.statistics.promptTokens
            let sink = RecordingSink()
            var request = EngineTests.request(prompt, [sink], maximum: 20)
            request.tenant = tenant
            try engine.submit(request)
            let result = try #require(sink.wait())
            return (result.ids, result.outcome.cachedTokens, engine.statistics.promptTokens - before)
        }
        let prompt = EngineTests.prompt(1, 70)
        let first = try run(prompt, "a")
        #expect(first.cached == 0 && first.computed == 70)
        let question = EngineTests.prompt(2, 25)
        let second = try run(prompt + first.ids + question, "a")
        // All full blocks of the 89 tokens that were computed.
        #expect(second.cached == 80 && second.computed == 35)
        let other = try run(prompt + first.ids + question, "b")
        #expect(other.cached == 0 && other.computed == 115)
        #expect(other.ids == second.ids)
    }

    @Test("Choices of one request compute their prompt once")
    func choices() async throws {
        let engine = try await EngineTests.engine { $0.speculation = false }
        let sinks = (0..<6).map { _ in RecordingSink() }
        try engine.submit(EngineTests.request(EngineTests.prompt(3, 50), sinks, maximum: 30))
        let results = try sinks.map { try #require($0.wait()) }
        #expect(Set(results.map(\.ids)).count == 6)
        #expect(results.reduce(0) { $0 + $1.outcome.cachedTokens } == 0)
        // Four have a place at once; two wait, and then compute what is left beyond the prompt's full blocks.
        #expect(engine.statistics.promptTokens <= 50 + 2 * 3)
    }
}
