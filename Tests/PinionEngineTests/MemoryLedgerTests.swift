import Foundation
import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor
import Testing

@Suite("Memory ledger")
struct MemoryLedgerTests {
    @Test("Each engine may have an even part of what those before it left")
    func shares() {
        let ledger = MemoryLedger(budget: 900, engines: 3)
        let first = ledger.open()
        #expect(first.share.bytes == 300 && first.share.others.isEmpty)
        first.settle(100, for: "a")
        let second = ledger.open()
        #expect(second.share.bytes == 400)
        second.settle(400, for: "b")
        let third = ledger.open()
        #expect(third.share.bytes == 400)
        #expect(third.share.others == [.init(name: "a", bytes: 100), .init(name: "b", bytes: 400)])
        second.close()
        second.close()
        #expect(ledger.entries == [.init(name: "a", bytes: 100), .init(name: nil, bytes: 400)])
        #expect(ledger.open().share.bytes == 400)
    }

    @Test("More engines than were expected have what is left, and never less than nothing")
    func unexpected() {
        let ledger = MemoryLedger(budget: 100)
        let first = ledger.open()
        #expect(first.share.bytes == 100)
        let second = ledger.open()
        #expect(second.share.bytes == 0)
        first.settle(30, for: "a")
        #expect(second.share.bytes == 0)
        second.close()
        #expect(ledger.open().share.bytes == 70)
    }

    @Test("An account that is dropped is closed")
    func dropped() {
        let ledger = MemoryLedger(budget: 100)
        do {
            let account = ledger.open()
            account.settle(60, for: "a")
            #expect(ledger.entries == [.init(name: "a", bytes: 60)])
        }
        #expect(ledger.entries.isEmpty)
    }

    private static func configuration(_ ledger: MemoryLedger) -> EngineConfiguration {
        var configuration = EngineTests.configuration
        configuration.ledger = ledger
        return configuration
    }

    private static func start(_ name: String, _ ledger: MemoryLedger) async throws -> Engine {
        try await Engine.start(ModelPackage(path: EngineTests.path(name)), configuration(ledger))
    }

    @Test("A second model that does not fit beside the first is refused by name, and fits when the first is shut down")
    func secondModel() async throws {
        let plan = try ModelLoader.plan(
            ModelPackage(path: EngineTests.path("tiny-llama-q4_1")), limits: EngineTests.configuration.stepLimits)
        // One context of 512 tokens, and a half.
        let budget = MemoryPlan.share(for: plan, cacheType: .f16, cacheBlocks: 48)
        let ledger = MemoryLedger(budget: budget)
        let first = try await Self.start("tiny-llama-q4_1", ledger)
        let error = await #expect(throws: EngineError.self) { _ = try await Self.start("tiny-llama-f16", ledger) }
        #expect(error?.code == .insufficientMemory)
        let message = try #require(error?.message)
        #expect(message.contains("too small for \(EngineTests.path("tiny-llama-f16")): weights"))
        #expect(message.contains("\(EngineTests.path("tiny-llama-q4_1")) has "))
        #expect(ledger.entries.map(\.name) == [EngineTests.path("tiny-llama-q4_1")])
        #expect(ledger.entries.map(\.bytes) == [first.description.memory.bytes])
        // The budget that the refusal asks for is enough for both.
        let mebibytes = try #require(message.firstMatch(of: /raise --memory to (\d+)M/).flatMap { Int($0.1) })
        let larger = MemoryLedger(budget: mebibytes << 20)
        let both = (try await Self.start("tiny-llama-q4_1", larger), first)
        await both.0.shutdown()
        await first.shutdown()
        #expect(ledger.entries.isEmpty)
        let alone = try await Self.start("tiny-llama-q4_1", ledger)
        #expect(alone.description.memory.cacheBlocks == 48)
    }

    @Test("Two expected models divide a budget, and the budget that a refusal asks for is enough for both")
    func twoModels() async throws {
        func start(_ budget: Int) async throws -> [Engine] {
            let ledger = MemoryLedger(budget: budget, engines: 2)
            return [
                try await Self.start("tiny-llama-q4_1", ledger), try await Self.start("tiny-llama-f16", ledger),
            ]
        }
        var budget = 64 << 20
        var refusals = 0
        while refusals < 3 {
            let error = await #expect(throws: EngineError.self) { _ = try await start(budget) }
            let asked = try #require(error?.message.firstMatch(of: /raise --memory to (\d+)M/).flatMap { Int($0.1) })
            refusals += 1
            budget = asked << 20
            if (try? await start(budget)) != nil { break }
        }
        // The first model's refusal asks for room for two of its kind, the second's for what it needs beside the first.
        #expect(refusals <= 2)
        let engines = try await start(budget)
        #expect(engines.map(\.description.memory.bytes).reduce(0, +) <= budget)
    }
}
