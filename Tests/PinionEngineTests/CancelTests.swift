import Foundation
import PinionEngine
import Synchronization
import Testing

@Suite("Cancelling")
struct CancelTests {
    /// Remembers after how many steps its sequence ended.
    private final class EndSink: TokenSink {
        struct End {
            var reason: SequenceOutcome.Reason
            var tokens: Int
            var steps: Int
        }

        private let observer: RecordingObserver
        private let ended = Mutex<End?>(nil)

        init(_ observer: RecordingObserver) { self.observer = observer }

        var end: End? { ended.withLock { $0 } }

        func accept(_ token: SampledToken) -> TokenDecision { .goOn }

        func finish(_ outcome: SequenceOutcome) {
            let end = End(reason: outcome.reason, tokens: outcome.generatedTokens, steps: observer.seen.steps)
            ended.withLock { $0 = end }
        }
    }

    /// A request of three choices that is sent and cancelled at certain tokens of another one, on the engine's thread.
    private struct Visit: Sendable {
        var prompt: Int
        var sentAt: Int
        var cancelledAt: Int
        /// Tokens that its first choice may have by then.
        var tokens: ClosedRange<Int>
    }

    private static let visits = [
        Visit(prompt: 100, sentAt: 3, cancelledAt: 3, tokens: 0...0),
        Visit(prompt: 100, sentAt: 10, cancelledAt: 12, tokens: 0...0),
        Visit(prompt: 100, sentAt: 20, cancelledAt: 21, tokens: 0...0),
        Visit(prompt: 8, sentAt: 40, cancelledAt: 60, tokens: 5...20),
    ]

    @Test("What is cancelled is gone within two steps, blocks and all: while it waits, in its prompt, in its reply")
    func withinTwoSteps() async throws {
        let observer = RecordingObserver()
        let engine = try await EngineTests.engine { configuration in
            configuration.observer = observer
            configuration.tokensPerStep = 8
            configuration.maximumSequences = 8
            configuration.speculation = false
        }
        let sinks = Self.visits.map { _ in (0..<3).map { _ in EndSink(observer) } }
        let ids = Mutex<[Int: Engine.RequestID]>([:])
        let cancelledAfter = Mutex<[Int: Int]>([:])
        let other = RecordingSink { [engine] count in
            for (index, visit) in Self.visits.enumerated() {
                if visit.sentAt == count {
                    var request = EngineTests.request(EngineTests.prompt(index, visit.prompt), [], maximum: 300)
                    request.choices = sinks[index].map { .init(sink: $0) }
                    let id = try? engine.submit(request)
                    ids.withLock { $0[index] = id }
                }
                if visit.cancelledAt == count, let id = ids.withLock({ $0[index] }) {
                    cancelledAfter.withLock { $0[index] = observer.seen.steps }
                    engine.cancel(id)
                }
            }
        }
        try engine.submit(EngineTests.request(EngineTests.prompt(9, 4), [other], maximum: 90))
        #expect(try #require(other.wait()).outcome.reason == .length)
        for (index, visit) in Self.visits.enumerated() {
            let before = try #require(cancelledAfter.withLock { $0[index] })
            for sink in sinks[index] {
                let end = try #require(sink.end)
                #expect(end.reason == .cancelled)
                #expect(end.steps - before <= 2)
            }
            #expect(visit.tokens.contains(try #require(sinks[index][0].end).tokens), "visit \(index)")
        }
        let deadline = ContinuousClock.now + .seconds(60)
        while observer.seen.occupancy.usedBlocks > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(observer.seen.occupancy.usedBlocks == 0 && engine.pendingSequences == 0)
    }
}
