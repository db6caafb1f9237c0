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
        for id in 1...sequences { scheduler.add(id, 4) }
        _ = scheduler.schedule()
        for id in 1...sequences { scheduler.append(to: id, [7]) }
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
        scheduler.append(to: 1, [7, 7, 7])
        #expect(scheduler.freeBlocks == 6)
        #expect(scheduler.schedule().entries.map(\.range) == [7..<8])
        scheduler.append(to: 1, [7])
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
            for id in 1...2 { full.append(to: id, [7]) }
        }
        let last = full.schedule { _, limit in limit }
        #expect(last.entries.map(\.range) == [7..<8, 7..<8])
        #expect(last.entries.map(\.drafts) == [0, 0])
    }

    @Test("A step with a prompt that fills it has no drafts, nor has the end of a prompt")
    func draftsBesidePrompts() {
        var scheduler = Self.decoding(1, blocks: 32)
        scheduler.add(2, 7)
        var asked: [SequenceID] = []
        let full = scheduler.schedule { id, limit in
            asked.append(id)
            return limit
        }
        #expect(full.tokenCount == 8 && asked.isEmpty)
        scheduler.append(to: 1, [7])
        scheduler.append(to: 2, [7])
        scheduler.remove(2)
        scheduler.add(3, 3)
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
        scheduler.add(1, 3)
        scheduler.add(2, 20)
        let first = scheduler.schedule()
        #expect(first.entries.map(\.id) == [1, 2])
        #expect(first.entries.map(\.range) == [0..<3, 0..<5])
        #expect(first.entries.map(\.isSampled) == [true, false])
        scheduler.append(to: 1, [7])
        let second = scheduler.schedule()
        #expect(second.entries.map(\.range) == [3..<4, 5..<12])
        #expect(second.entries.map(\.isSampled) == [true, false])
    }

    @Test("The sequence with the least progress gives way when blocks run out, and comes back in its old place")
    func preemption() {
        var scheduler = Self.scheduler(tokens: 16, sequences: 3, blocks: 6)
        for id in 1...3 { scheduler.add(id, 4) }
        #expect(scheduler.schedule().entries.map(\.blocks) == [[0], [1], [2]])
        // The second has more of its reply than the others.
        for id in 1...3 { scheduler.append(to: id, [7]) }
        let second = scheduler.schedule { id, _ in id == 2 ? 2 : 0 }
        #expect(second.entries.map(\.id) == [1, 2, 3])
        scheduler.append(to: 1, [7])
        scheduler.append(to: 2, [7, 7, 7])
        scheduler.append(to: 3, [7])
        scheduler.add(4, 1)
        #expect(scheduler.schedule().entries.map(\.id) == [2, 1, 3])
        for id in 1...3 { scheduler.append(to: id, [7]) }
        // Two blocks each are full; the third block that the second needs is taken from the newest.
        #expect(scheduler.freeBlocks == 0)
        #expect(scheduler.schedule().entries.map(\.id) == [2, 1])
        #expect(scheduler.blocks(of: 3) == nil && scheduler.preemptions == 1)
        #expect(scheduler.waitingCount == 2)
        for id in 1...2 { scheduler.append(to: id, [7]) }
        scheduler.remove(2)
        let next = scheduler.schedule()
        #expect(next.entries.map(\.id) == [1, 3])
        // Its first block was still there.
        #expect(next.entries.map(\.range.lowerBound) == [7, 4])
    }

    @Test("A sequence that does not fit holds up those behind it, and nobody else")
    func admissionOrder() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 4, blocks: 5)
        scheduler.add(1, 8)
        scheduler.add(2, 12)
        scheduler.add(3, 1)
        #expect(scheduler.schedule().entries.map(\.id) == [1])
        scheduler.remove(1)
        #expect(scheduler.schedule().entries.map(\.id) == [2, 3])
    }

    @Test("Removing a waiting, a running and an unknown sequence frees what they held")
    func removal() {
        var scheduler = Self.scheduler(tokens: 4, sequences: 1, blocks: 4)
        scheduler.add(1, 10)
        scheduler.add(2, 3)
        _ = scheduler.schedule()
        #expect(scheduler.usedBlocks == 1)
        scheduler.remove(2)
        scheduler.remove(9)
        #expect(scheduler.waitingCount == 0 && scheduler.usedBlocks == 1)
        scheduler.remove(1)
        #expect(scheduler.isIdle && scheduler.freeBlocks == 4)
        #expect(scheduler.schedule().isEmpty)
    }

    @Test("Beside streams prompts take no more than they are given, alone all there is")
    func promptTokens() {
        var scheduler = Self.scheduler(tokens: 16, sequences: 3, blocks: 32)
        scheduler.add(1, 3)
        scheduler.add(2, 30)
        #expect(scheduler.schedule(promptTokens: 2).entries.map(\.range) == [0..<3, 0..<13])
        scheduler.append(to: 1, [7])
        #expect(scheduler.schedule(promptTokens: 2).entries.map(\.range) == [3..<4, 13..<15])
        scheduler.append(to: 1, [7])
        #expect(scheduler.schedule(promptTokens: 0).entries.map(\.range) == [4..<5])
    }

    @Test("A prompt that begins like one before computes only the rest, of its own tenant's")
    func prefixes() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 4, blocks: 32)
        let text = (0..<14).map { Int32($0) }
        scheduler.add(1, prompt: text, tenant: "a")
        #expect(scheduler.schedule().entries.map(\.range) == [0..<14])
        scheduler.append(to: 1, [14])
        scheduler.add(2, prompt: text + [14, 15, 16], tenant: "a")
        scheduler.add(3, prompt: text, tenant: "b")
        // One token at least is computed, for the logits after it.
        scheduler.add(4, prompt: Array(text[..<12]), tenant: "a")
        let plan = scheduler.schedule()
        #expect(plan.entries.map(\.id) == [1, 3, 2, 4])
        #expect(plan.entries.map(\.range) == [14..<15, 0..<14, 12..<17, 8..<12])
        #expect(plan.entries[2].blocks[..<3] == plan.entries[0].blocks[..<3])
        #expect(Set(plan.entries[1].blocks).isDisjoint(with: plan.entries[0].blocks))
        #expect([2, 3, 4].map(scheduler.cachedTokens) == [12, 0, 8])
    }

    @Test("What is computed in a step is found by those who come after in the same step")
    func prefixesWithinStep() {
        var scheduler = Self.scheduler(tokens: 20, sequences: 3, blocks: 32)
        let text = (0..<16).map { Int32($0) }
        scheduler.add(1, prompt: text + [20], tenant: "")
        scheduler.add(2, prompt: text + [30], tenant: "")
        scheduler.add(3, prompt: text + [40, 41], tenant: "")
        #expect(scheduler.schedule().entries.map(\.range) == [0..<17, 16..<17, 16..<18])
    }

    @Test("A finished conversation is found again, its reply included but for the last token")
    func secondTurn() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 1, blocks: 32)
        let text = (0..<10).map { Int32($0) }
        scheduler.add(1, prompt: text, tenant: "")
        for token in Int32(10)..<16 {
            _ = scheduler.schedule()
            scheduler.append(to: 1, [token])
        }
        scheduler.remove(1)
        #expect(scheduler.idleBlocks == 3 && scheduler.usedBlocks == 0)
        scheduler.add(2, prompt: text + Array(10..<30), tenant: "")
        #expect(scheduler.schedule().entries.map(\.range) == [12..<30])
    }

    @Test("A prompt that is refused for lack of blocks has found nothing in the cache yet")
    func refusedReuse() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 4, blocks: 8)
        let text = (0..<12).map { Int32($0) }
        scheduler.add(1, prompt: text, tenant: "")
        _ = scheduler.schedule()
        scheduler.remove(1)
        #expect(scheduler.idleBlocks == 3)
        // Takes five blocks, so that the rest of the next prompt does not fit, and then all.
        scheduler.add(2, 20)
        _ = scheduler.schedule()
        scheduler.append(to: 2, [7])
        scheduler.add(3, prompt: text + [20, 21, 22, 23, 24], tenant: "")
        while scheduler.blocks(of: 2).map({ $0.count < 8 }) == true {
            #expect(scheduler.schedule().entries.map(\.id) == [2])
            scheduler.append(to: 2, [7])
        }
        scheduler.remove(2)
        #expect(scheduler.schedule().entries.map(\.range) == [0..<17])
        #expect(scheduler.cachedTokens(of: 3) == 0)
    }

    @Test("Choices share the blocks of their prompt, and part where they write")
    func forks() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 3, blocks: 16)
        scheduler.add(1, 6)
        _ = scheduler.schedule()
        scheduler.fork(1, into: [2, 3, 4])
        #expect(scheduler.usedBlocks == 2 && scheduler.runningCount == 3 && scheduler.waitingCount == 1)
        for id in 1...4 { scheduler.append(to: id, [Int32(id)]) }
        let plan = scheduler.schedule()
        #expect(plan.entries.map(\.range) == [6..<7, 6..<7, 6..<7])
        // The last one to write keeps the block that all had.
        #expect(plan.entries.map(\.blocks) == [[0, 2], [0, 3], [0, 1]])
        #expect(plan.copies.map { [$0.source, $0.target] } == [[1, 2], [1, 3]])
        scheduler.remove(1)
        for id in 2...3 { scheduler.append(to: id, [7]) }
        // The one without a place finds the full block, and computes the rest of the prompt again.
        let next = scheduler.schedule()
        #expect(next.entries.contains { $0.id == 4 && $0.range == 4..<7 && $0.blocks.first == 0 })
    }

    @Test("Tenants are served alike, however many requests each sends")
    func fairness() {
        var scheduler = Self.scheduler(tokens: 8, sequences: 4, blocks: 400)
        var served: [String: Int] = [:]
        for id in 1...40 { scheduler.add(id, 30, tenant: "busy") }
        for id in 41...50 { scheduler.add(id, 30, tenant: "other") }
        for _ in 0..<60 {
            for entry in scheduler.schedule().entries {
                served[entry.id > 40 ? "other" : "busy", default: 0] += entry.range.count
                if entry.isSampled { scheduler.remove(entry.id) }
            }
            let difference = served["busy", default: 0] - served["other", default: 0]
            // At most one prompt of lead, as long as both have something to do.
            if scheduler.waitingCount > 0, (served["other"] ?? 0) < 240 { #expect(abs(difference) <= 30) }
        }
        #expect(served["busy"].map { $0 >= 200 } == true)
    }

    @Test("Whoever may take a place from another counts as a prompt")
    func promptCount() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 2, blocks: 40)
        for id in 1...2 { scheduler.add(id, 4, tenant: "early") }
        for entry in scheduler.schedule().entries { scheduler.append(to: entry.id, [7]) }
        #expect(scheduler.promptCount == 0 && scheduler.streamCount == 2)
        scheduler.add(3, 40, tenant: "late")
        #expect(scheduler.promptCount == 1)
        #expect(scheduler.schedule(promptTokens: 4).entries.map(\.range.count) == [1, 4])
    }

    @Test("A tenant that comes later gets its share of the places at once, and nobody loses more than that")
    func places() {
        var scheduler = Self.scheduler(tokens: 64, sequences: 4, blocks: 400)
        for id in 1...6 { scheduler.add(id, 4, tenant: "early") }
        for entry in scheduler.schedule().entries { scheduler.append(to: entry.id, [7]) }
        #expect(scheduler.runningCount == 4)
        for id in 7...12 { scheduler.add(id, 4, tenant: "late") }
        let plan = scheduler.schedule()
        #expect(plan.entries.map(\.id) == [1, 2, 7, 8])
        for entry in plan.entries { scheduler.append(to: entry.id, [7]) }
        #expect(scheduler.schedule().entries.map(\.id).sorted() == [1, 2, 7, 8])
    }

    static let pools: [SchedulerSimulation.Setup] = [
        .init(tokens: 1, sequences: 1, blockTokens: 1, blocks: 1, longest: 1),
        .init(tokens: 1, sequences: 1, blockTokens: 4, blocks: 5, longest: 20),
        .init(tokens: 4, sequences: 4, blockTokens: 4, blocks: 6, longest: 24, choices: 3),
        .init(tokens: 7, sequences: 5, blockTokens: 1, blocks: 23, longest: 23, tenants: 2),
        .init(tokens: 16, sequences: 8, blockTokens: 4, blocks: 12, longest: 48, tenants: 3),
        .init(tokens: 64, sequences: 16, blockTokens: 16, blocks: 17, longest: 120, tenants: 20, choices: 2),
        .init(tokens: 64, sequences: 16, blockTokens: 16, blocks: 4, longest: 64),
        .init(tokens: 512, sequences: 16, blockTokens: 16, blocks: 400, longest: 300, tenants: 4, choices: 8),
        .init(tokens: 40, sequences: 3, blockTokens: 16, blocks: 9, longest: 144, tenants: 2, choices: 5),
        .init(tokens: 1, sequences: 1, blockTokens: 1, blocks: 2, longest: 2, draftedStep: 1),
        .init(tokens: 9, sequences: 1, blockTokens: 4, blocks: 5, longest: 20, draftedStep: 9, choices: 2),
        .init(tokens: 16, sequences: 8, blockTokens: 4, blocks: 12, longest: 48, draftedStep: 12, tenants: 2),
        .init(
            tokens: 64, sequences: 16, blockTokens: 16, blocks: 17, longest: 120, draftedStep: 32, tenants: 3,
            choices: 4),
        .init(tokens: 512, sequences: 16, blockTokens: 1, blocks: 2000, longest: 300, draftedStep: 64, tenants: 2),
    ]

    @Test("Random arrivals and cancels keep every invariant, and every sequence ends in time", arguments: pools)
    func simulation(_ setup: SchedulerSimulation.Setup) {
        for seed in 0..<4 {
            var simulation = SchedulerSimulation(setup, seed: UInt64(seed))
            simulation.run(arrivals: 600)
            #expect(simulation.finished + simulation.cancelled == simulation.arrived)
            #expect(simulation.arrived >= 600 && simulation.cancelled > 5)
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

    @Test("Tight pools preempt, blocks are found again, and choices part by copying")
    func coverage() {
        var tight = SchedulerSimulation(Self.pools[4], seed: 1)
        tight.run(arrivals: 600)
        #expect(tight.preemptions > 50, "\(tight.preemptions)")
        #expect(tight.reused > 100, "\(tight.reused)")
        var roomy = SchedulerSimulation(Self.pools[7], seed: 1)
        roomy.run(arrivals: 600)
        #expect(roomy.reused > 10_000, "\(roomy.reused)")
        #expect(roomy.copies > 10, "\(roomy.copies)")
    }
}

extension Scheduler {
    /// A sequence of one tenant whose prompt is unlike any other's.
    fileprivate mutating func add(_ id: SequenceID, _ count: Int, tenant: String = "") {
        add(id, prompt: (0..<count).map { Int32(100 * id + $0) }, tenant: tenant)
    }
}
