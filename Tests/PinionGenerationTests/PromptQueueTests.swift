import Foundation
import PinionGeneration
import PinionTokenizer
import Synchronization
import Testing
import TextGeneration

@Suite("Prompts of several tenants", .timeLimit(.minutes(1)))
struct PromptQueueTests {
    /// Slices of the long work that were done.
    private final class Progress: Sendable {
        let slices = Atomic<Int>(0)
        let begun = Atomic<Int>(0)

        var count: Int { slices.load(ordering: .relaxed) }

        /// Work in slices of a millisecond.
        func work(_ endSlice: PromptQueue.EndSlice, slices count: Int) throws(GenerationError) {
            begun.add(1, ordering: .relaxed)
            for _ in 0..<count {
                Thread.sleep(forTimeInterval: 0.001)
                slices.add(1, ordering: .relaxed)
                guard endSlice(EncodingMeter.slice) else { throw GenerationError(.interrupted, "given up") }
            }
        }
    }

    private static let longSize = 1 << 20

    @Test("A short prompt waits for a slice of another tenant's long ones, not for their end")
    func fairness() async throws {
        let queue = PromptQueue()
        let progress = Progress()
        let long = (0..<8).map { _ in
            Task {
                try await queue.run(tenant: "a", size: Self.longSize) { endSlice throws(GenerationError) in
                    try progress.work(endSlice, slices: 250)
                }
            }
        }
        #expect(try await GenerationFixtures.eventually { progress.count > 20 })
        var slices: [Int] = []
        for _ in 0..<5 {
            let before = progress.count
            let begun = try await queue.run(tenant: "b", size: 100) { _ in progress.count }
            slices.append(begun - before)
        }
        #expect(progress.count < 8 * 250, "the long prompts are still being made")
        // Slices go on while the machine leaves this task without a processor, but not each time.
        #expect(try #require(slices.min()) <= 4, "\(slices)")
        for task in long { try await task.value }
        #expect(progress.count == 8 * 250)
    }

    @Test("Two tenants' long prompts are made side by side, a tenant's own one after the other")
    func sharing() async throws {
        let queue = PromptQueue()
        let (first, second) = (Progress(), Progress())
        async let a: Void = queue.run(tenant: "a", size: Self.longSize) { endSlice throws(GenerationError) in
            try first.work(endSlice, slices: 1_000)
        }
        #expect(try await GenerationFixtures.eventually { first.count > 5 })
        // Counted by the work itself: the machine may leave the test without a processor meanwhile.
        async let b: (begun: Int, meanwhile: Int) = queue.run(tenant: "b", size: Self.longSize) {
            endSlice throws(GenerationError) in
            let begun = first.count
            try second.work(endSlice, slices: 50)
            let meanwhile = first.count - begun
            try second.work(endSlice, slices: 250)
            return (begun, meanwhile)
        }
        async let c: Void = queue.run(tenant: "a", size: Self.longSize) { endSlice throws(GenerationError) in
            #expect(first.count == 1_000)
        }
        let (_, other, _) = try await (a, b, c)
        #expect(other.begun < 1_000 && (1...150).contains(other.meanwhile), "\(other)")
        #expect(first.count == 1_000 && second.count == 300)
    }

    @Test("A prompt whose client leaves ends within a slice, and the next one is made")
    func cancelRunning() async throws {
        let queue = PromptQueue()
        let progress = Progress()
        let task = Task {
            try await queue.run(tenant: "a", size: Self.longSize) { endSlice throws(GenerationError) in
                try progress.work(endSlice, slices: 1_000_000)
            }
        }
        #expect(try await GenerationFixtures.eventually { progress.count > 3 })
        task.cancel()
        let result = await task.result
        #expect(throws: GenerationError.self) { try result.get() }
        let count = progress.count
        #expect(try await queue.run(tenant: "a", size: Self.longSize) { _ in 1 } == 1)
        #expect(progress.count == count)
    }

    @Test("A prompt whose client leaves before its turn is answered at once and never begun")
    func cancelWaiting() async throws {
        let queue = PromptQueue()
        let (first, second) = (Progress(), Progress())
        let running = Task {
            try await queue.run(tenant: "a", size: Self.longSize) { endSlice throws(GenerationError) in
                try first.work(endSlice, slices: 1_000_000)
            }
        }
        #expect(try await GenerationFixtures.eventually { first.count > 3 })
        let waiting = Task {
            try await queue.run(tenant: "a", size: 1) { endSlice throws(GenerationError) in
                try second.work(endSlice, slices: 1)
            }
        }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        let result = await waiting.result
        #expect(throws: GenerationError.self) { try result.get() }
        // Cancelled before it was queued.
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await queue.run(tenant: "b", size: 1) { endSlice throws(GenerationError) in
                try second.work(endSlice, slices: 1)
            }
        }
        let lateResult = await late.result
        #expect(throws: GenerationError.self) { try lateResult.get() }
        running.cancel()
        _ = await running.result
        #expect(second.begun.load(ordering: .relaxed) == 0)
    }

    @Test("Many tenants' prompts of all sizes, some of them given up, all end")
    func crowd() async throws {
        let queue = PromptQueue()
        let progress = Progress()
        let ended = await withTaskGroup(of: Int.self) { group in
            for index in 0..<400 {
                group.addTask {
                    let isLong = index % 3 == 0
                    let task = Task {
                        try await queue.run(tenant: "\(index % 7)", size: isLong ? Self.longSize : 10) {
                            endSlice throws(GenerationError) in
                            progress.begun.add(1, ordering: .relaxed)
                            for _ in 0..<(isLong ? 20 : 1) where !endSlice(EncodingMeter.slice) { break }
                        }
                    }
                    if index % 5 == 0 { task.cancel() }
                    _ = await task.result
                    return 1
                }
            }
            return await group.reduce(0, +)
        }
        #expect(ended == 400)
        #expect(progress.begun.load(ordering: .relaxed) >= 320)
    }

    @Test("Short prompts beside another tenant's 2 MiB ones: how long they wait")
    func waiting() async throws {
        let model = try await GenerationFixtures.model()
        let text = String(repeating: "the light of the river, ", count: (2 << 20) / 24)
        let tokenizer = model.tokenizer
        let clock = ContinuousClock()
        let alone = clock.measure { _ = tokenizer.encode(text) }
        let queue = PromptQueue()
        let long = (0..<8).map { _ in
            Task {
                try await queue.run(tenant: "a", size: text.utf8.count) { endSlice throws(GenerationError) in
                    let meter = EncodingMeter { work throws(TokenizerError) in
                        if !endSlice(work) { throw TokenizerError(.abandoned, "given up") }
                    }
                    _ = try? tokenizer.encode(Array(text.utf8), templateRanges: [], limit: .max, meter: meter)
                }
            }
        }
        try await Task.sleep(for: .milliseconds(50))
        var waits: [Duration] = []
        for _ in 0..<10 {
            let start = clock.now
            _ = try await queue.run(tenant: "b", size: 5) { _ in tokenizer.encode("Hello") }
            waits.append(start.duration(to: clock.now))
            try await Task.sleep(for: .milliseconds(5))
        }
        for task in long { _ = try await task.value }
        waits.sort()
        print("2 MiB take \(alone), a short prompt beside 8 of them waits for \(waits[5]), at most \(waits[9])")
        // One after the other each would wait for what is left of eight times the whole. Half of one leaves room for a
        // busy machine, which may take longer pauses now and then.
        #expect(waits[5] < alone / 2 + .milliseconds(50))
    }
}
