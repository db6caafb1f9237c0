import Foundation
import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor
import Synchronization
import Testing

/// Collects what the engine says of one sequence.
final class RecordingSink: TokenSink, @unchecked Sendable {
    private let condition = NSCondition()
    private var recorded: [SampledToken] = []
    private var ended: SequenceOutcome?
    private let stopAfter: Int?
    private let onToken: (@Sendable (Int) -> Void)?

    init(stopAfter: Int? = nil, onToken: (@Sendable (Int) -> Void)? = nil) {
        self.stopAfter = stopAfter
        self.onToken = onToken
    }

    func accept(_ token: SampledToken) -> TokenDecision {
        condition.lock()
        recorded.append(token)
        let count = recorded.count
        condition.unlock()
        onToken?(count)
        return count == stopAfter ? .stop : .goOn
    }

    func finish(_ outcome: SequenceOutcome) {
        condition.lock()
        ended = outcome
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for the end; nil if it does not come within a minute.
    func wait() -> (ids: [Int32], tokens: [SampledToken], outcome: SequenceOutcome)? {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: 60)
        while ended == nil { if !condition.wait(until: deadline) { return nil } }
        return ended.map { (recorded.map(\.id), recorded, $0) }
    }
}

@Suite("Engine")
struct EngineTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models")

    static var configuration: EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.threads = 2
        configuration.maximumSequences = 4
        return configuration
    }

    static func path(_ name: String) -> String {
        fixtures.appending(path: "\(name).gguf").path(percentEncoded: false)
    }

    static func engine(
        _ name: String = "tiny-llama-q4_1", _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> Engine {
        try await engine(path: path(name), adjust)
    }

    static func engine(
        path: String, _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> Engine {
        var configuration = configuration
        adjust(&configuration)
        return try await Engine.start(ModelPackage(path: path), configuration)
    }

    static func request(
        _ prompt: [Int32], _ sinks: [RecordingSink], maximum: Int? = 20, seed: UInt64 = 7, temperature: Float = 1,
        endTokens: Set<Int32> = []
    ) -> EngineRequest {
        var sampling = SamplingParameters()
        sampling.seed = seed
        sampling.temperature = temperature
        return EngineRequest(
            prompt: prompt, sampling: sampling, maximumTokens: maximum, endTokens: endTokens,
            choices: sinks.map { .init(sink: $0) })
    }

    static func prompt(_ index: Int, _ count: Int) -> [Int32] {
        (0..<count).map { Int32((index * 37 + $0 * 11 + 5) % 300) }
    }

    @Test("A request gives the same tokens alone and beside others that come and go")
    func independence() async throws {
        let engine = try await Self.engine { $0.tokensPerStep = 16 }
        func alone(_ index: Int) throws -> [Int32] {
            let sink = RecordingSink()
            try engine.submit(Self.request(Self.prompt(index, 5 + index * 9), [sink], seed: UInt64(index)))
            return try #require(sink.wait()).ids
        }
        let expected = try (0..<9).map(alone)
        let sinks = (0..<9).map { _ in RecordingSink() }
        for (index, sink) in sinks.enumerated() {
            try engine.submit(Self.request(Self.prompt(index, 5 + index * 9), [sink], seed: UInt64(index)))
        }
        for (sink, ids) in zip(sinks, expected) {
            let result = try #require(sink.wait())
            #expect(result.ids == ids)
            #expect(result.outcome.reason == .length && result.outcome.generatedTokens == 20)
        }
        #expect(Set(expected).count == 9)
    }

    @Test("Preempted sequences go on with the same tokens")
    func preemption() async throws {
        func run(budget: Int?) async throws -> (blocks: Int, ids: [[Int32]]) {
            let engine = try await Self.engine { configuration in
                configuration.contextLength = 128
                configuration.ledger = MemoryLedger(budget: budget)
            }
            let sinks = (0..<4).map { _ in RecordingSink() }
            for (index, sink) in sinks.enumerated() {
                try engine.submit(Self.request(Self.prompt(index, 30), [sink], maximum: 90, seed: UInt64(index)))
            }
            return (engine.description.memory.cacheBlocks, try sinks.map { try #require($0.wait()).ids })
        }
        let roomy = try await run(budget: nil)
        // Room for one context and a little: four sequences of 120 tokens cannot stay together.
        let file = try ModelPackage(
            path: Self.fixtures.appending(path: "tiny-llama-q4_1.gguf").path(percentEncoded: false))
        let plan = try ModelLoader.plan(file, limits: EngineConfiguration().stepLimits)
        let tight = try await run(budget: MemoryPlan.share(for: plan, cacheType: .f16, cacheBlocks: 12))
        #expect(roomy.blocks == 32)
        #expect(tight.blocks < 16)
        #expect(tight.ids == roomy.ids)
    }

    @Test("Choices of one request differ, and each is reproducible")
    func choices() async throws {
        let engine = try await Self.engine()
        func run() throws -> [[Int32]] {
            let sinks = (0..<3).map { _ in RecordingSink() }
            try engine.submit(Self.request(Self.prompt(1, 8), sinks))
            return try sinks.map { try #require($0.wait()).ids }
        }
        let first = try run()
        #expect(Set(first).count == 3)
        #expect(try run() == first)
    }

    @Test("An end token stops and is counted, but not shown")
    func endToken() async throws {
        let engine = try await Self.engine()
        let free = RecordingSink()
        try engine.submit(Self.request(Self.prompt(2, 8), [free], temperature: 0))
        let ids = try #require(free.wait()).ids
        let end = try #require(ids.indices.first { !ids[..<$0].contains(ids[$0]) && $0 > 2 })
        let sink = RecordingSink()
        try engine.submit(Self.request(Self.prompt(2, 8), [sink], temperature: 0, endTokens: [ids[end]]))
        let result = try #require(sink.wait())
        #expect(result.ids == Array(ids[..<end]))
        #expect(result.outcome.reason == .stop && result.outcome.generatedTokens == end + 1)
    }

    @Test(
        "An end token that is the last token allowed ends the reply with stop, by the request's limit and by the context"
    )
    func endTokenAtLimit() async throws {
        let engine = try await Self.engine()
        let free = RecordingSink()
        try engine.submit(Self.request(Self.prompt(2, 8), [free], temperature: 0))
        let ids = try #require(free.wait()).ids
        let end = try #require(ids.indices.first { !ids[..<$0].contains(ids[$0]) && $0 > 2 })
        func outcome(_ engine: Engine, maximum: Int?) throws -> SequenceOutcome {
            let sink = RecordingSink()
            try engine.submit(
                Self.request(Self.prompt(2, 8), [sink], maximum: maximum, temperature: 0, endTokens: [ids[end]]))
            let result = try #require(sink.wait())
            #expect(result.ids == Array(ids[..<end]))
            return result.outcome
        }
        #expect(try outcome(engine, maximum: end) == SequenceOutcome(reason: .length, generatedTokens: end))
        #expect(try outcome(engine, maximum: end + 1) == SequenceOutcome(reason: .stop, generatedTokens: end + 1))
        #expect(try outcome(engine, maximum: end + 2) == SequenceOutcome(reason: .stop, generatedTokens: end + 1))
        for (context, reason, generated) in [(8 + end, .length, end), (9 + end, .stop, end + 1)]
            as [(Int, SequenceOutcome.Reason, Int)]
        {
            let short = try await Self.engine { $0.contextLength = context }
            #expect(
                try outcome(short, maximum: nil) == SequenceOutcome(reason: reason, generatedTokens: generated))
        }
    }

    @Test("A sink that says stop at the last token allowed ends the reply with stop")
    func sinkStopsAtLimit() async throws {
        let engine = try await Self.engine()
        for (maximum, reason) in [(2, .length), (3, .stop), (4, .stop)] as [(Int, SequenceOutcome.Reason)] {
            let sink = RecordingSink(stopAfter: 3)
            try engine.submit(Self.request(Self.prompt(3, 8), [sink], maximum: maximum))
            let outcome = try #require(sink.wait()).outcome
            #expect(outcome == SequenceOutcome(reason: reason, generatedTokens: min(maximum, 3)))
        }
    }

    @Test("A sink that says stop is asked for no further token")
    func sinkStops() async throws {
        let engine = try await Self.engine()
        let sink = RecordingSink(stopAfter: 3)
        try engine.submit(Self.request(Self.prompt(3, 8), [sink]))
        let result = try #require(sink.wait())
        #expect(result.ids.count == 3)
        #expect(result.outcome.reason == .stop && result.outcome.generatedTokens == 3)
    }

    @Test("The end of the context ends the reply with length, at the border exactly, whatever more was asked for")
    func contextEnd() async throws {
        let engine = try await Self.engine { $0.contextLength = 64 }
        for (prompt, maximum, generated) in [
            (50, 13, 13), (50, 14, 14), (50, 15, 14), (50, 32_000, 14), (50, nil, 14), (63, 1, 1), (63, 2, 1),
            (63, nil, 1),
        ] as [(Int, Int?, Int)] {
            let sink = RecordingSink()
            try engine.submit(Self.request(Self.prompt(4, prompt), [sink], maximum: maximum))
            let result = try #require(sink.wait())
            #expect(result.outcome.reason == .length)
            #expect(result.outcome.generatedTokens == generated && result.ids.count == generated)
        }
    }

    @Test("Cancelling ends every choice at once")
    func cancel() async throws {
        let engine = try await Self.engine()
        let id = IDBox()
        let first = RecordingSink { [engine] count in if count == 5 { engine.cancel(id.value) } }
        let second = RecordingSink()
        id.value = 1
        #expect(try engine.submit(Self.request(Self.prompt(5, 8), [first, second], maximum: 400)) == 1)
        #expect(try #require(first.wait()).outcome.reason == .cancelled)
        let ended = try #require(second.wait())
        #expect(ended.outcome.reason == .cancelled)
        #expect(ended.outcome.generatedTokens <= 8)
        #expect(engine.pendingSequences == 0)
    }

    @Test("A prompt that leaves no room, an unknown token and an overfull queue are refused")
    func refusals() async throws {
        let engine = try await Self.engine { configuration in
            configuration.contextLength = 32
            configuration.maximumWaiting = 1
        }
        #expect(throws: EngineError.self) { try engine.submit(Self.request(Self.prompt(0, 32), [RecordingSink()])) }
        func refusedPart(_ request: EngineRequest) -> EngineError.Parameter? {
            let error = #expect(throws: EngineError.self) { try engine.submit(request) }
            #expect(error?.code == .invalidRequest)
            return error?.parameter
        }
        #expect(refusedPart(Self.request([1, 320], [RecordingSink()])) == .prompt)
        #expect(refusedPart(Self.request([1, -1], [RecordingSink()])) == .prompt)
        #expect(refusedPart(Self.request([], [RecordingSink()])) == .prompt)
        #expect(refusedPart(Self.request([1], [])) == .choices)
        var biased = Self.request([1], [RecordingSink()])
        biased.sampling.logitBias = [320: 1]
        #expect(refusedPart(biased) == .logitBias)
        let many = (0..<6).map { _ in RecordingSink() }
        let error = #expect(throws: EngineError.self) { try engine.submit(Self.request([1], many)) }
        #expect(error?.code == .overloaded)
        #expect(engine.pendingSequences == 0)
    }

    @Test("A budget that cannot hold one context is refused with the arithmetic")
    func memory() async throws {
        let error = await #expect(throws: EngineError.self) {
            _ = try await Self.engine { $0.ledger = MemoryLedger(budget: 64 << 20) }
        }
        #expect(error?.code == .insufficientMemory)
        #expect(error?.message.contains("KV cache of one context of 512 tokens") == true)
    }

    @Test("Ending the engine ends its sequences, and no token comes after the end")
    func stop() async throws {
        let (hasToken, isLetGo) = (Gate(), Gate())
        let sink = RecordingSink { count in
            guard count == 1 else { return }
            // The engine's thread is here until the handle is gone: the reply cannot reach its own end before.
            hasToken.open()
            isLetGo.pass()
        }
        do {
            let engine = try await Self.engine()
            try engine.submit(Self.request(Self.prompt(6, 8), [sink], maximum: nil))
            hasToken.pass()
        }
        isLetGo.open()
        let outcome = try #require(sink.wait()).outcome
        #expect(outcome == SequenceOutcome(reason: .engineStopped, generatedTokens: 1))
    }
}

/// Holds a thread until it is opened.
final class Gate: Sendable {
    private let condition = MonotonicCondition()
    private let isOpen = Mutex(false)

    func open() {
        condition.withLock {
            isOpen.withLock { $0 = true }
            condition.signal()
        }
    }

    func pass() {
        condition.withLock { while !isOpen.withLock({ $0 }) { condition.wait() } }
    }
}

/// A request's id for a closure that is made before the request.
final class IDBox: @unchecked Sendable {
    var value = 0
}
