import Dispatch
import PinionCommand
import Synchronization
import Testing

@Suite("Reports that wait", .timeLimit(.minutes(1)))
struct ReportQueueTests {
    /// What a report waits for, and how many reports were made.
    private final class Stage: Sendable {
        let gate = DispatchSemaphore(value: 0)
        let hasBegun = Atomic<Bool>(false)
        let made = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
    }

    /// Begins a report that ends when the gate opens.
    private func begin(_ queue: ReportQueue, _ stage: Stage) async throws -> Task<Int, any Error> {
        let first = Task {
            try await queue.make {
                stage.hasBegun.store(true, ordering: .sequentiallyConsistent)
                stage.gate.wait()
                return 1
            }
        }
        while !stage.hasBegun.load(ordering: .sequentiallyConsistent) { try await Task.sleep(for: .milliseconds(1)) }
        return first
    }

    @Test("So many wait and no more, and there is room again afterwards")
    func bound() async throws {
        let (queue, stage) = (ReportQueue(), Stage())
        let first = try await begin(queue, stage)
        let asked = 2 * ReportQueue.maximumReports
        let results = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<asked {
                group.addTask {
                    do {
                        _ = try await queue.make { stage.made.add(1, ordering: .sequentiallyConsistent) }
                        return nil
                    } catch {
                        stage.refused.add(1, ordering: .sequentiallyConsistent)
                        return "\(error)"
                    }
                }
            }
            // Those that are refused hear it while the first report is still made.
            let beyond = asked - (ReportQueue.maximumReports - 1)
            while stage.refused.load(ordering: .sequentiallyConsistent) < beyond {
                try await Task.sleep(for: .milliseconds(1))
            }
            stage.gate.signal()
            return try await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(try await first.value == 1)
        #expect(results.count { $0 == nil } == ReportQueue.maximumReports - 1)
        #expect(results.allSatisfy { $0?.contains("503 server_is_overloaded") ?? true })
        #expect(stage.made.load(ordering: .sequentiallyConsistent) == ReportQueue.maximumReports - 1)
        #expect(try await queue.make { 2 } == 2)
    }

    @Test("A report is not made for a client that left while it waited")
    func cancelled() async throws {
        let (queue, stage) = (ReportQueue(), Stage())
        let first = try await begin(queue, stage)
        let second = Task { try await queue.make { stage.made.add(1, ordering: .sequentiallyConsistent) } }
        second.cancel()
        stage.gate.signal()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(try await first.value == 1)
        #expect(stage.made.load(ordering: .sequentiallyConsistent) == 0)
    }

    @Test("What a report throws is thrown to who asked")
    func failure() async throws {
        struct Failure: Error {}
        let queue = ReportQueue()
        await #expect(throws: Failure.self) { try await queue.make { throw Failure() } }
        #expect(try await queue.make { 3 } == 3)
    }
}
