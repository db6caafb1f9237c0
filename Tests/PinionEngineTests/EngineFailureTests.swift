import EngineTestSupport
import Foundation
import PinionEngine
import Synchronization
import Testing

/// Remembers what an engine tells.
final class RecordingObserver: EngineObserver {
    struct Record: Sendable {
        var steps = 0
        var done = EngineStatistics()
        var occupancy = EngineOccupancy()
        var failures: [String] = []
        var recoveries = 0
    }

    private let record = Mutex(Record())
    var seen: Record { record.withLock { $0 } }

    func stepped(in time: Duration, _ done: EngineStatistics) {
        record.withLock {
            $0.steps += 1
            $0.done.sampledTokens += done.sampledTokens
            $0.done.promptTokens += done.promptTokens
        }
    }
    func continued(after gap: Duration) {}
    func occupied(_ occupancy: EngineOccupancy) { record.withLock { $0.occupancy = occupancy } }
    func failed(_ error: EngineError) { record.withLock { $0.failures.append(error.message) } }
    func recovered() { record.withLock { $0.recoveries += 1 } }
}

@Suite("Engine failure")
struct EngineFailureTests {
    private static func start(
        _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> (Engine, FragileSource, RecordingObserver) {
        let source = FragileSource(
            path: EngineTests.fixtures.appending(path: "tiny-llama-q4_1.gguf").path(percentEncoded: false))
        let observer = RecordingObserver()
        var configuration = EngineConfiguration()
        configuration.threads = 2
        configuration.contextLength = 128
        configuration.speculation = false
        configuration.observer = observer
        adjust(&configuration)
        return (try await Engine.start(source, configuration), source, observer)
    }

    private static func wait(_ what: String, until condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "\(what) did not come within a minute")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test("A failed engine ends its sequences with an error, takes none meanwhile, and gives the same replies again")
    func failure() async throws {
        let (engine, source, observer) = try await Self.start()
        func reply() throws -> [Int32] {
            let sink = RecordingSink()
            try engine.submit(EngineTests.request(EngineTests.prompt(1, 20), [sink]))
            return try #require(sink.wait()).ids
        }
        let expected = try reply()
        source.refusals.withLock { $0 = 6 }
        source.faults.withLock { $0 = [nil, nil, .throwing] }
        let sinks = (0..<5).map { _ in RecordingSink() }
        try engine.submit(EngineTests.request(EngineTests.prompt(2, 20), Array(sinks[..<3])))
        try engine.submit(EngineTests.request(EngineTests.prompt(3, 20), Array(sinks[3...])))
        for sink in sinks { #expect(try #require(sink.wait()).outcome.reason == .engineFailed) }
        #expect(engine.pendingSequences == 0)
        #expect(!engine.isReady)
        let error = #expect(throws: EngineError.self) { _ = try reply() }
        #expect(error?.code == .failed)
        try await Self.wait("the new engine") { engine.isReady }
        #expect(try reply() == expected)
        #expect(source.opened.load(ordering: .relaxed) == 8)
        // The failed engine's memory was free before the next one's was taken.
        #expect(source.mostAliveAtOpening.load(ordering: .relaxed) == 0)
        #expect(observer.seen.recoveries == 1)
        #expect(observer.seen.failures.first == "the model failed: a step that cannot be made")
        #expect(observer.seen.failures.count == 7)
        try await Self.wait("the last report") { observer.seen.occupancy.running == 0 }
    }

    @Test("A sequence without finite numbers fails alone; several in a row are the engine's failure")
    func notFinite() async throws {
        let (engine, source, observer) = try await Self.start()
        func outcome() throws -> SequenceOutcome.Reason {
            let sink = RecordingSink()
            try engine.submit(EngineTests.request(EngineTests.prompt(4, 10), [sink], maximum: 3))
            return try #require(sink.wait()).outcome.reason
        }
        source.faults.withLock { $0 = [.notFinite, nil, .notFinite] }
        #expect(try outcome() == .notFinite)
        // The second token of the next one fails again; in between there was a good one.
        #expect(try outcome() == .notFinite)
        #expect(try outcome() == .length)
        #expect(observer.seen.failures.isEmpty)
        source.faults.withLock { $0 = [.notFinite, .notFinite, .notFinite] }
        for _ in 0..<3 { #expect(try outcome() == .notFinite) }
        try await Self.wait("the new engine") { observer.seen.recoveries == 1 }
        #expect(try outcome() == .length)
    }

    @Test("Parameters that drive logits out of the floats harm nobody else, however many choices they have")
    func wildParameters() async throws {
        let (engine, _, observer) = try await Self.start()
        for penalty in [1e-40, .leastNonzeroMagnitude, .greatestFiniteMagnitude] as [Float] {
            let sinks = (0..<4).map { _ in RecordingSink() }
            var request = EngineTests.request(EngineTests.prompt(8, 40), sinks, maximum: 5)
            request.sampling.repetitionPenalty = penalty
            try engine.submit(request)
            for sink in sinks { _ = try #require(sink.wait()) }
        }
        #expect(observer.seen.failures.isEmpty && engine.isReady)
    }

    @Test("Choices that fail alike are one failure")
    func choicesFail() async throws {
        let (engine, source, observer) = try await Self.start()
        source.faults.withLock { $0 = [.notFinite] }
        let sinks = (0..<5).map { _ in RecordingSink() }
        try engine.submit(EngineTests.request(EngineTests.prompt(8, 10), sinks, maximum: 5))
        for sink in sinks { #expect(try #require(sink.wait()).outcome.reason == .notFinite) }
        #expect(observer.seen.failures.isEmpty && engine.isReady)
    }

    @Test("An engine that is let go while it cannot be made anew stops trying")
    func abandoned() async throws {
        let source: FragileSource
        do {
            let (engine, fragile, observer) = try await Self.start()
            source = fragile
            source.refusals.withLock { $0 = .max }
            source.faults.withLock { $0 = [.throwing] }
            let sink = RecordingSink()
            try engine.submit(EngineTests.request(EngineTests.prompt(5, 10), [sink]))
            #expect(try #require(sink.wait()).outcome.reason == .engineFailed)
            try await Self.wait("a second try") { observer.seen.failures.count >= 2 }
        }
        try await Task.sleep(for: .milliseconds(300))
        let tries = source.opened.load(ordering: .relaxed)
        try await Task.sleep(for: .milliseconds(700))
        #expect(source.opened.load(ordering: .relaxed) == tries)
    }

    @Test("An observer hears of every step, and of what is held after the last")
    func observed() async throws {
        let (engine, _, observer) = try await Self.start()
        let sinks = (0..<2).map { _ in RecordingSink() }
        try engine.submit(EngineTests.request(EngineTests.prompt(6, 40), sinks, maximum: 10))
        for sink in sinks { _ = try #require(sink.wait()) }
        try await Self.wait("the last report") { observer.seen.occupancy.running == 0 && observer.seen.steps >= 10 }
        let seen = observer.seen
        #expect(seen.done.sampledTokens == 20 && seen.done.promptTokens == 40)
        #expect(seen.occupancy.waiting == 0 && seen.occupancy.usedBlocks == 0)
        #expect(seen.occupancy.idleBlocks > 0)
        #expect(seen.occupancy.idleBlocks + seen.occupancy.blankBlocks == engine.description.memory.cacheBlocks)
    }
}
