import Dispatch
import Synchronization
import Testing
import TextGeneration

@Suite("Generation queue", .timeLimit(.minutes(1)))
struct GenerationQueueTests {
    private static func text(_ choice: Int, _ text: String) -> GenerationEvent { .text(choice: choice, text, []) }

    private static let usage = Usage(promptTokens: 3, cachedTokens: 1, completionTokens: 2)
    private static let whole = Outcome(.completed, usage)

    @Test("Unread text of one choice is joined past other choices, never past its end")
    func joined() async throws {
        let queue = GenerationQueue()
        for event in [
            Self.text(0, "a"), Self.text(0, ""), Self.text(0, "b"), Self.text(1, "c"), Self.text(0, "d"),
            .finished(choice: 0, .length), Self.text(1, "e"), Self.text(1, "f"), .finished(choice: 1, .stop),
            .usage(Self.usage),
        ] { queue.send(event) }
        queue.finish(Self.whole)
        #expect(
            try await queue.next()
                == .events([
                    Self.text(0, "abd"), Self.text(1, "cef"), .finished(choice: 0, .length),
                    .finished(choice: 1, .stop), .usage(Self.usage),
                ]))
        #expect(try await queue.next() == .end)
        #expect(try await queue.next() == .end)
    }

    @Test("A failure comes after the events before it, and stays")
    func failure() async throws {
        let queue = GenerationQueue()
        queue.send(Self.text(0, "some"))
        queue.finish(.unstarted(.failed(.interrupted)), throwing: GenerationError(.interrupted, "gone"))
        #expect(!queue.send(Self.text(0, "late")))
        #expect(try await queue.next() == .events([Self.text(0, "some")]))
        for _ in 0..<2 {
            let error = await #expect(throws: GenerationError.self) { try await queue.next() }
            #expect(error?.code == .interrupted)
        }
    }

    @Test("A reader that leaves too much unread is given up, costs no memory any more, and ends the producer")
    func overflow() async throws {
        let outcomes = Outcomes()
        let queue = GenerationQueue(onOutcome: outcomes.add)
        let isWithdrawn = Mutex(false)
        queue.onWithdrawal { isWithdrawn.withLock { $0 = true } }
        let piece = String(repeating: "x", count: 1 << 16)
        var sent = 0
        while queue.send(Self.text(0, piece)) { sent += piece.utf8.count }
        #expect(sent <= GenerationQueue.capacity && sent > GenerationQueue.capacity - 2 * piece.utf8.count)
        #expect(isWithdrawn.withLock { $0 })
        #expect(!queue.send(.finished(choice: 0, .stop)))
        queue.finish(Self.whole)
        #expect(outcomes.all == [Outcome(.failed(.unread), Self.usage)])
        let error = await #expect(throws: GenerationError.self) { try await queue.next() }
        #expect(error?.code == .unread)
        // A reader that takes what comes may have any amount.
        let read = GenerationQueue()
        for _ in 0..<200 {
            #expect(read.send(Self.text(0, piece)))
            #expect(try await read.next() == .events([Self.text(0, piece)]))
        }
    }

    @Test("A waiting reader is woken by an event, by silence, by the end, by a failure and by a withdrawal")
    func waking() async throws {
        let queue = GenerationQueue()
        func nextAfterWaiting(_ change: @escaping @Sendable () -> Void) async throws -> GenerationQueue.Delivery {
            async let delivery = queue.next()
            try await Task.sleep(for: .milliseconds(5))
            change()
            return try await delivery
        }
        #expect(try await nextAfterWaiting { queue.send(Self.text(0, "x")) } == .events([Self.text(0, "x")]))
        // Told to a reader that waits: again and again, until the reader does.
        let reader = Task { try await queue.next() }
        let ticking = Task {
            while !Task.isCancelled {
                _ = queue.tick(after: .zero)
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect(try await reader.value == .silence)
        ticking.cancel()
        _ = await ticking.result
        #expect(try await nextAfterWaiting { queue.finish(Self.whole) } == .end)
        for isFailure in [true, false] {
            let failing = GenerationQueue()
            let reader = Task { try await failing.next() }
            try await Task.sleep(for: .milliseconds(5))
            if isFailure {
                failing.finish(.unstarted(.failed(.interrupted)), throwing: GenerationError(.interrupted, "gone"))
                await #expect(throws: GenerationError.self) { try await reader.value }
            } else {
                failing.withdraw(.disconnected)
                await #expect(throws: GenerationQueue.Withdrawal.disconnected) { try await reader.value }
            }
        }
    }

    @Test("Silence is told only after an interval without deliveries, and only to a reader that waits")
    func silence() async throws {
        let queue = GenerationQueue()
        queue.send(Self.text(0, "x"))
        _ = try await queue.next()
        let wait = queue.tick(after: .seconds(60))
        #expect(wait > .seconds(50) && wait <= .seconds(60))
        // Nobody waits: nothing is kept for later.
        #expect(queue.tick(after: .zero) == .zero)
        queue.finish(Self.whole)
        #expect(try await queue.next() == .end)
    }

    @Test("Cancelling the reader's task withdraws, before and while it waits")
    func cancellation() async throws {
        for delay in 0..<20 {
            let outcomes = Outcomes()
            let queue = GenerationQueue(onOutcome: outcomes.add)
            let reader = Task { try await queue.next() }
            if delay > 0 { try await Task.sleep(for: .microseconds(delay * 50)) }
            reader.cancel()
            await #expect(throws: GenerationQueue.Withdrawal.cancelled) { try await reader.value }
            #expect(!queue.send(Self.text(0, "late")))
            queue.finish(Self.whole)
            #expect(outcomes.all == [Outcome(.cancelled, Self.usage)])
        }
    }

    @Test(
        "The outcome is told once: the first end counts, a withdrawal names the end, a lost producer is an error of ours"
    )
    func outcomes() {
        let outcomes = Outcomes()
        let queue = GenerationQueue(onOutcome: outcomes.add)
        queue.withdraw(.disconnected)
        queue.withdraw(.stopped)
        #expect(outcomes.all.isEmpty)
        queue.finish(Self.whole)
        queue.finish(.unstarted(.failed(.interrupted)))
        queue.withdraw(.cancelled)
        #expect(outcomes.all == [Outcome(.disconnected, Self.usage)])

        let lost = Outcomes()
        for reason in [nil, GenerationQueue.Withdrawal.stopped] {
            let queue = GenerationQueue(onOutcome: lost.add)
            reason.map(queue.withdraw)
        }
        #expect(lost.all == [.unstarted(.failed(.internal)), .unstarted(.stopped)])
    }

    @Test(
        "A reader that leaves after a failure does not make it a withdrawal, and the failure ends the producer's work")
    func failureBeforeOutcome() async throws {
        let outcomes = Outcomes()
        let queue = GenerationQueue(onOutcome: outcomes.add)
        let isWithdrawn = Mutex(false)
        queue.onWithdrawal { isWithdrawn.withLock { $0 = true } }
        queue.send(Self.text(0, "some"))
        queue.fail(GenerationError(.interrupted, "gone"))
        #expect(isWithdrawn.withLock { $0 } && outcomes.all.isEmpty)
        #expect(!queue.send(Self.text(1, "late")))
        #expect(try await queue.next() == .events([Self.text(0, "some")]))
        let error = await #expect(throws: GenerationError.self) { try await queue.next() }
        #expect(error?.code == .interrupted)
        queue.withdraw(.cancelled)
        queue.finish(Outcome(.failed(.interrupted), Self.usage))
        #expect(outcomes.all == [Outcome(.failed(.interrupted), Self.usage)])
        // A producer that is lost after it failed has its failure's outcome.
        let lost = Outcomes()
        do { GenerationQueue(onOutcome: lost.add).fail(GenerationError(.model, "broken")) }
        #expect(lost.all == [.unstarted(.failed(.model))])
    }

    @Test("Unread reasoning is joined as text is, and so are the arguments of one tool call")
    func joinedDeltas() async throws {
        let queue = GenerationQueue()
        func call(_ index: Int, _ arguments: String, id: String? = nil) -> GenerationEvent {
            let start = id.map { ToolCallDelta.Start(id: $0, name: "f") }
            return .toolCall(choice: 0, ToolCallDelta(index: index, start: start, arguments: arguments))
        }
        for event in [
            .reasoning(choice: 0, "a", []), .reasoning(choice: 0, "b", []), Self.text(0, "c"), Self.text(0, "d"),
            call(0, "{", id: "x"), call(0, "}"), call(1, "[", id: "y"), call(1, "]"),
        ] as [GenerationEvent] { queue.send(event) }
        #expect(
            try await queue.next()
                == .events([
                    .reasoning(choice: 0, "ab", []), Self.text(0, "cd"), call(0, "{}", id: "x"), call(1, "[]", id: "y"),
                ]))
    }

    @Test("A producer hears of a withdrawal once, also of one that came before it asked, and never after its end")
    func withdrawals() {
        let count = Mutex(0)
        let queue = GenerationQueue()
        queue.onWithdrawal { count.withLock { $0 += 1 } }
        queue.withdraw(.cancelled)
        queue.withdraw(.cancelled)
        #expect(count.withLock { $0 } == 1)
        queue.onWithdrawal { count.withLock { $0 += 1 } }
        #expect(count.withLock { $0 } == 2)
        let ended = GenerationQueue()
        ended.onWithdrawal { count.withLock { $0 += 1 } }
        ended.finish(Self.whole)
        ended.withdraw(.cancelled)
        #expect(count.withLock { $0 } == 2)
    }

    @Test("Nothing is lost or reordered between a fast writer and a reader")
    func concurrency() async throws {
        let queue = GenerationQueue()
        let count = 20_000
        DispatchQueue(label: "writer").async {
            for index in 0..<count { queue.send(Self.text(index % 97 == 0 ? 1 : 0, "\(index),")) }
            queue.finish(Self.whole)
        }
        var texts = ["", ""]
        while case .events(let events) = try await queue.next() {
            for case .text(let choice, let text, _) in events { texts[choice] += text }
        }
        func expected(_ isOther: Bool) -> String {
            (0..<count).filter { ($0 % 97 == 0) == isOther }.map { "\($0)," }.joined()
        }
        #expect(texts == [expected(false), expected(true)])
    }

    @Test("Whatever races, the outcome is told exactly once")
    func race() async {
        for round in 0..<300 {
            let outcomes = Outcomes()
            let queue = GenerationQueue(onOutcome: outcomes.add)
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask { while case .events? = try? await queue.next() {} }
                tasks.addTask {
                    for index in 0..<(round % 7) where queue.send(Self.text(0, "\(index)")) {}
                    queue.finish(Self.whole)
                }
                tasks.addTask { if round % 3 > 0 { queue.withdraw(round % 3 == 1 ? .disconnected : .stopped) } }
            }
            #expect(outcomes.all.count == 1)
            #expect(outcomes.all.first?.usage == Self.usage)
        }
    }
}

private final class Outcomes: Sendable {
    private let told = Mutex<[Outcome]>([])

    var all: [Outcome] { told.withLock { $0 } }

    @Sendable func add(_ outcome: Outcome) {
        told.withLock { $0.append(outcome) }
    }
}
