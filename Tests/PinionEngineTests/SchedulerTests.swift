import PinionEngine
import Testing

@Suite("Scheduler")
struct SchedulerTests {
    static func scheduler(tokens: Int, sequences: Int, blocks: Int) -> Scheduler {
        Scheduler(
            limits: .init(tokensPerStep: tokens, sequences: sequences, draftedStep: min(tokens, draftedStep)),
            blockTokens: 4, blocks: blocks)
    }

    static let draftedStep = 8

    /// A scheduler whose sequences have all computed their prompts of four tokens, and have one more.
    static func decoding(_ sequences: Int, tokens: Int = 64, blocks: Int) -> Scheduler {
        var scheduler = scheduler(tokens: tokens, sequences: sequences + 1, blocks: blocks)
        for id in 1...sequences { scheduler.add(id, known: 4) }
        _ = scheduler.schedule()
        for id in 1...sequences { scheduler.append(to: id) }
        return scheduler
    }

    @Test("Accepted drafts count as computed, and the blocks of the others are given back")
    func acceptedDrafts() {
        var scheduler = Self.decoding(1, blocks: 8)
        var limits: [Int] = []
        let plan = scheduler.schedule { _, limit in
            limits.append(limit)
            return 6
        }
        #expect(limits == [Self.draftedStep - 1])
        #expect(plan.entries.map(\.range) == [4..<5] && plan.entries.map(\.drafts) == [6])
        #expect(plan.tokenCount == 7 && plan.outputCount == 7)
        #expect(plan.entries.map(\.blocks.count) == [3] && scheduler.freeBlocks == 5)
        scheduler.append(to: 1, accepted: 2)
        #expect(scheduler.freeBlocks == 6)
        #expect(scheduler.schedule().entries.map(\.range) == [7..<8])
        scheduler.append(to: 1)
        #expect(scheduler.schedule().entries.map(\.range) == [8..<9])
    }

    @Test("Sequences share the room for drafts, and what one leaves goes to the next")
    func sharedDrafts() {
        var scheduler = Self.decoding(3, blocks: 32)
        var limits: [Int] = []
        let plan = scheduler.schedule { id, limit in
            limits.append(limit)
            return id == 1 ? 0 : limit
        }
        #expect(limits == [2, 3, 2])
        #expect(plan.entries.map(\.drafts) == [0, 3, 2])
        #expect(plan.tokenCount == Self.draftedStep)
    }

    @Test("Drafts take free blocks only")
    func draftsWithoutBlocks() {
        var scheduler = Self.decoding(2, blocks: 5)
        // Each needs a second block for its fifth token, which leaves one.
        let plan = scheduler.schedule { _, limit in limit }
        #expect(plan.entries.map(\.id) == [1, 2])
        #expect(plan.entries.map(\.drafts) == [3, 3])
        #expect(plan.entries.map(\.blocks.count) == [2, 2] && scheduler.freeBlocks == 1)
        var full = Self.decoding(2, blocks: 4)
        for _ in 0..<3 {
            #expect(full.schedule().entries.count == 2)
            for id in 1...2 { full.append(to: id) }
        }
        let last = full.schedule { _, limit in limit }
        #expect(last.entries.map(\.range) == [7..<8, 7..<8])
        #expect(last.entries.map(\.drafts) == [0, 0])
    }

    @Test("A step with a prompt that fills it has no drafts, nor has the end of a prompt")
    func draftsBesidePrompts() {
        var scheduler = Self.decoding(1, blocks: 32)
        scheduler.add(2, known: 7)
        var asked: [SequenceID] = []
        let full = scheduler.schedule { id, limit in
            asked.append(id)
            return limit
        }
        #expect(full.tokenCount == 8 && asked.isEmpty)
        scheduler.append(to: 1)
        scheduler.append(to: 2)
        scheduler.remove(2)
        scheduler.add(3, known: 3)
        let small = scheduler.schedule { id, limit in
            asked.append(id)
            return limit
        }
        #expect(asked == [1])
        #expect(small.entries.map(\.drafts) == [4, 0])
    }

    @Test("A sequence that needs one token goes before a long prompt, which takes the rest")
    func decodeFirst() {
        var scheduler = Self.scheduler(tokens: 8, sequences: 2, blocks: 32)
        scheduler.add(1, known: 3)
        scheduler.add(2, known: 20)
        let first = scheduler.schedule()
        #expect(first.entries.map(\.id) == [1, 2])
        #expect(first.entries.map(\.range) == [0..<3, 0..<5])
        #expect(first.entries.map(\.isSampled) == [true, false])
        scheduler.append(to: 1)
        let second = scheduler.schedule()
        #expect(second.entries.map(\.range) == [3..<4, 5..<12])
        #expect(second.entries.map(\.isSampled) == [true, false])
    }

    @Test("The newest sequence gives way when blocks run out, and comes back first")
    func preemption() {
        var scheduler = Self.scheduler(tokens: 16, sequences: 3, blocks: 4)
        for id in 1...3 { scheduler.add(id, known: 4) }
        // One block each for the first tokens; then each wants a second one, and only one is left.
        #expect(scheduler.schedule().entries.map(\.blocks) == [[0], [1], [2]])
        for id in 1...3 { scheduler.append(to: id) }
        scheduler.add(4, known: 1)
        let plan = scheduler.schedule()
        #expect(plan.entries.map(\.id) == [1, 2])
        #expect(plan.entries.map(\.blocks) == [[0, 3], [1, 2]])
        #expect(scheduler.runningCount == 2 && scheduler.waitingCount == 2)
        scheduler.remove(1)
        scheduler.append(to: 2)
        let next = scheduler.schedule()
        #expect(next.entries.map(\.id) == [2, 3])
        #expect(next.entries.map(\.range) == [5..<6, 0..<5])
    }

    @Test("A sequence that does not fit holds up those behind it, and nobody else")
    func admissionOrder() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 4, blocks: 4)
        scheduler.add(1, known: 8)
        scheduler.add(2, known: 12)
        scheduler.add(3, known: 1)
        #expect(scheduler.schedule().entries.map(\.id) == [1])
        scheduler.remove(1)
        #expect(scheduler.schedule().entries.map(\.id) == [2, 3])
    }

    @Test("Removing a waiting, a running and an unknown sequence frees what they held")
    func removal() {
        var scheduler = Self.scheduler(tokens: 4, sequences: 1, blocks: 4)
        scheduler.add(1, known: 10)
        scheduler.add(2, known: 3)
        _ = scheduler.schedule()
        #expect(scheduler.freeBlocks == 1)
        scheduler.remove(2)
        scheduler.remove(9)
        #expect(scheduler.waitingCount == 0 && scheduler.freeBlocks == 1)
        scheduler.remove(1)
        #expect(scheduler.isIdle && scheduler.freeBlocks == 4)
        #expect(scheduler.schedule().isEmpty)
    }

    static let pools: [SchedulerSimulation.Setup] = [
        .init(tokens: 1, sequences: 1, blockTokens: 1, blocks: 1, longest: 1),
        .init(tokens: 1, sequences: 1, blockTokens: 4, blocks: 5, longest: 20),
        .init(tokens: 4, sequences: 4, blockTokens: 4, blocks: 6, longest: 24),
        .init(tokens: 7, sequences: 5, blockTokens: 1, blocks: 23, longest: 23),
        .init(tokens: 16, sequences: 8, blockTokens: 4, blocks: 12, longest: 48),
        .init(tokens: 64, sequences: 16, blockTokens: 16, blocks: 17, longest: 120),
        .init(tokens: 64, sequences: 16, blockTokens: 16, blocks: 4, longest: 64),
        .init(tokens: 512, sequences: 16, blockTokens: 16, blocks: 400, longest: 300),
        .init(tokens: 40, sequences: 3, blockTokens: 16, blocks: 9, longest: 144),
        .init(tokens: 1, sequences: 1, blockTokens: 1, blocks: 2, longest: 2, draftedStep: 1),
        .init(tokens: 9, sequences: 1, blockTokens: 4, blocks: 5, longest: 20, draftedStep: 9),
        .init(tokens: 16, sequences: 8, blockTokens: 4, blocks: 12, longest: 48, draftedStep: 12),
        .init(tokens: 64, sequences: 16, blockTokens: 16, blocks: 17, longest: 120, draftedStep: 32),
        .init(tokens: 512, sequences: 16, blockTokens: 1, blocks: 2000, longest: 300, draftedStep: 64),
    ]

    @Test("Random arrivals and cancels keep every invariant, and every sequence ends in time", arguments: pools)
    func simulation(_ setup: SchedulerSimulation.Setup) {
        for seed in 0..<4 {
            var simulation = SchedulerSimulation(setup, seed: UInt64(seed))
            simulation.run(arrivals: 600)
            #expect(simulation.finished + simulation.cancelled == 600)
            #expect(simulation.cancelled > 10)
        }
    }

    @Test("Drafts are computed and accepted, in tight pools too")
    func drafting() {
        for setup in Self.pools where setup.draftedStep > 1 {
            var simulation = SchedulerSimulation(setup, seed: 1)
            simulation.run(arrivals: 600)
            #expect(simulation.drafted > 100 && simulation.accepted > 50, "\(setup)")
            #expect(simulation.accepted < simulation.drafted)
        }
    }

    @Test("Tight pools do preempt")
    func preemptionHappens() {
        var tight = SchedulerSimulation(Self.pools[4], seed: 1)
        tight.run(arrivals: 600)
        #expect(tight.preemptions > 100)
        var roomy = SchedulerSimulation(Self.pools[7], seed: 1)
        roomy.run(arrivals: 600)
        #expect(roomy.preemptions == 0)
    }
}
