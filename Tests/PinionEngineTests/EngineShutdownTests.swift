import EngineTestSupport
import Foundation
import PinionEngine
import Synchronization
import Testing

@Suite("Engine shutdown", .timeLimit(.minutes(1)))
struct EngineShutdownTests {
    private static func start(
        _ adjust: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> (Engine, FragileSource) {
        let source = FragileSource(path: EngineTests.path("tiny-llama-q4_1"))
        var configuration = EngineTests.configuration
        adjust(&configuration)
        return (try await Engine.start(source, configuration), source)
    }

    @Test("Shutdown ends what runs and what waits, and returns when model and memory are gone")
    func everythingEnds() async throws {
        let ledger = MemoryLedger()
        let (engine, source) = try await Self.start {
            $0.ledger = ledger
            $0.maximumSequences = 2
        }
        #expect(source.alive.load(ordering: .relaxed) == 1 && ledger.entries.count == 1)
        let sinks = (0..<6).map { _ in RecordingSink() }
        for (index, sink) in sinks.enumerated() {
            try engine.submit(EngineTests.request(EngineTests.prompt(index, 40), [sink], maximum: nil))
        }
        await engine.shutdown()
        #expect(source.alive.load(ordering: .relaxed) == 0 && ledger.entries.isEmpty)
        #expect(engine.state == .ended && engine.pendingSequences == 0)
        for sink in sinks { #expect(try #require(sink.wait()).outcome.reason == .engineStopped) }
        let submitted = #expect(throws: EngineError.self) {
            try engine.submit(EngineTests.request([1], [RecordingSink()]))
        }
        #expect(submitted?.code == .stopped)
        let reserved = #expect(throws: EngineError.self) { _ = try engine.reserve(1) }
        #expect(reserved?.code == .stopped)
        engine.cancel(1)
        await engine.shutdown()
    }

    @Test("A request that meets the shutdown is refused or told its end, never forgotten")
    func racingRequests() async throws {
        for _ in 0..<20 {
            let (engine, _) = try await Self.start { $0.maximumWaiting = 200 }
            let accepted = await withTaskGroup(of: [RecordingSink].self) { group -> [RecordingSink] in
                for client in 0..<3 {
                    group.addTask {
                        var sinks: [RecordingSink] = []
                        while true {
                            // Lets the shutdown have a thread of the pool.
                            await Task.yield()
                            let sink = RecordingSink()
                            let request = EngineTests.request(EngineTests.prompt(client, 4), [sink], maximum: 2)
                            do throws(EngineError) {
                                try engine.submit(request)
                                sinks.append(sink)
                            } catch {
                                // The queue may be full; only the end of the engine is the end of the client.
                                if error.code != .overloaded { return sinks }
                            }
                        }
                    }
                }
                try? await Task.sleep(for: .milliseconds(2))
                await engine.shutdown()
                return await group.reduce(into: []) { $0 += $1 }
            }
            for sink in accepted {
                let reason = try #require(sink.wait()).outcome.reason
                #expect(reason == .engineStopped || reason == .length)
            }
            #expect(engine.pendingSequences == 0)
        }
    }

    @Test("Two who wait for one shutdown both return")
    func twice() async throws {
        let (engine, source) = try await Self.start()
        async let first: Void = engine.shutdown()
        async let second: Void = engine.shutdown()
        _ = await (first, second)
        #expect(source.alive.load(ordering: .relaxed) == 0)
    }

    @Test("An engine that cannot be rebuilt is shut down within its pause")
    func whileFailed() async throws {
        let (engine, source) = try await Self.start()
        source.refusals.withLock { $0 = .max }
        source.faults.withLock { $0 = [.throwing] }
        let sink = RecordingSink()
        try engine.submit(EngineTests.request(EngineTests.prompt(1, 10), [sink]))
        #expect(try #require(sink.wait()).outcome.reason == .engineFailed)
        #expect(engine.state == .failed)
        await engine.shutdown()
        #expect(engine.state == .ended)
    }

    #if os(Linux)
        @Test("The address space falls by the cache's size: its pages are the system's again")
        func addressSpace() async throws {
            let (engine, _) = try await Self.start { $0.maximumSequences = 1024 }
            let cache = engine.description.memory.cacheBytes
            try #require(cache > 64 << 20)
            let before = try Self.addressSpace()
            await engine.shutdown()
            #expect(try before - Self.addressSpace() >= cache)
        }

        /// Bytes of this process's mappings.
        private static func addressSpace() throws -> Int {
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ").first
            return try #require(pages.flatMap { Int($0) }) * Int(getpagesize())
        }
    #endif
}

@Suite("Reservations")
struct ReservationTests {
    @Test("Places that are not submitted are free again, whatever way the reservation goes")
    func dropped() async throws {
        let engine = try await EngineTests.engine { $0.maximumWaiting = 1 }
        func prompt(failing: Bool) throws -> [Int32] {
            struct NoPrompt: Error {}
            if failing { throw NoPrompt() }
            return EngineTests.prompt(1, 8)
        }
        func reserveAndFail() throws {
            let reservation = try engine.reserve(3)
            #expect(engine.pendingSequences == 3)
            let request = EngineTests.request(try prompt(failing: true), [RecordingSink()])
            try engine.submit(request, reservation)
        }
        #expect(throws: (any Error).self) { try reserveAndFail() }
        #expect(engine.pendingSequences == 0)
        let refused = #expect(throws: EngineError.self) {
            try engine.submit(EngineTests.request([-1], [RecordingSink()]), try engine.reserve(1))
        }
        #expect(refused?.code == .invalidRequest && engine.pendingSequences == 0)
        let full = #expect(throws: EngineError.self) { _ = try engine.reserve(6) }
        #expect(full?.code == .overloaded && engine.pendingSequences == 0)
    }

    @Test("Submitted places are counted once, and are free when their sequences have ended")
    func submitted() async throws {
        let engine = try await EngineTests.engine { $0.maximumWaiting = 1 }
        let (hasToken, isLetGo) = (Gate(), Gate())
        let sinks = (0..<3).map { choice in
            RecordingSink { count in
                guard choice == 0, count == 1 else { return }
                hasToken.open()
                isLetGo.pass()
            }
        }
        let reservation = try engine.reserve(3)
        try engine.submit(EngineTests.request(EngineTests.prompt(2, 8), sinks), reservation)
        hasToken.pass()
        // The engine's thread is held in the first choice's sink, so none has ended.
        #expect(engine.pendingSequences == 3)
        isLetGo.open()
        for sink in sinks { _ = try #require(sink.wait()) }
        #expect(engine.pendingSequences == 0)
    }
}
