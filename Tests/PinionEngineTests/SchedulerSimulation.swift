import PinionEngine
import Testing
import TestSupport

/// Plays the engine for a scheduler: random arrivals, lengths, choices and cancels of several tenants, every step checked
/// against what the cache then holds.
struct SchedulerSimulation {
    struct Setup: Sendable, CustomTestStringConvertible {
        var tokens: Int
        var sequences: Int
        var blockTokens: Int
        var blocks: Int
        /// Tokens that a sequence may come to have in the cache.
        var longest: Int
        /// Tokens up to which drafts fill a step.
        var draftedStep = 0
        var tenants = 1
        /// Most choices of a request.
        var choices = 1

        var testDescription: String {
            "\(tokens) tokens a step, \(sequences) sequences, \(blocks) blocks of \(blockTokens), up to \(longest) tokens, "
                + "drafts up to \(draftedStep), \(tenants) tenants, \(choices) choices"
        }
    }

    private struct Sequence {
        let id: SequenceID
        let tenant: Int
        var tokens: [Int32]
        /// Tokens it will generate before it ends.
        var remaining: Int
        var generated = 0
        var computed = 0
        /// Whether it ever had a place.
        var wasAdmitted = false
        /// Further choices, which part from it when it is sampled first.
        var forks: [SequenceID] = []
        /// The step by which it must have ended.
        var deadline: Int

        var isStream: Bool { generated > 0 && tokens.count - computed == 1 }
    }

    private let setup: Setup
    private var generator: SeededGenerator
    private var scheduler: Scheduler
    /// In order of arrival.
    private var sequences: [Sequence] = []
    private var memory: CacheContents
    private var lastID: SequenceID = 0
    private var step = 0
    private(set) var arrived = 0
    private(set) var finished = 0
    private(set) var cancelled = 0
    private(set) var drafted = 0
    private(set) var accepted = 0
    private(set) var copies = 0
    private(set) var reused = 0
    private(set) var hasFailed = false
    private var preemptionsBefore = 0
    var preemptions: Int { scheduler.preemptions }

    init(_ setup: Setup, seed: UInt64) {
        self.setup = setup
        generator = SeededGenerator(seed: seed)
        scheduler = Scheduler(
            limits: .init(
                tokensPerStep: setup.tokens, sequences: setup.sequences, draftedStep: setup.draftedStep),
            blockTokens: setup.blockTokens, blocks: setup.blocks)
        memory = CacheContents(blocks: setup.blocks, blockTokens: setup.blockTokens)
    }

    mutating func run(arrivals: Int) {
        while !hasFailed, arrived < arrivals || !sequences.isEmpty {
            // Bursts and lulls, as long as the queue is not much longer than what can run.
            var burst = generator.below(12) == 0 ? generator.below(2 * setup.sequences) + 1 : generator.below(2)
            if sequences.count > 3 * setup.sequences { burst = 0 }
            for _ in 0..<burst where arrived < arrivals { add() }
            if !sequences.isEmpty, generator.below(40) == 0 { cancelOne() }
            advance()
        }
        guard !hasFailed else { return }
        expect(scheduler.isIdle && scheduler.freeBlocks == setup.blocks, "an idle scheduler holds something")
        expect(scheduler.schedule().isEmpty, "an idle scheduler plans something")
    }

    private mutating func add() {
        let tenant = generator.below(setup.tenants)
        let count = 1 + generator.below(setup.longest)
        // Texts of one family start alike, and tenants send the same ones.
        let family = generator.below(4)
        let shared = generator.below(count + 1)
        var prompt = (0..<count).map { Int32(family * 1000 + $0 % 7) }
        for position in shared..<count { prompt[position] = Int32(generator.below(3)) }
        // The last token that is sampled is never computed.
        let remaining = 1 + generator.below(setup.longest - count + 1)
        let choices = 1 + generator.below(setup.choices)
        arrived += choices
        lastID += choices
        let id = lastID - choices + 1
        // Tenants take turns, and in each turn the most progressed of a tenant goes on: so a sequence has ended when all that
        // were there, and all of other tenants' that may come to be beside them, have computed everything, a token a
        // step; twice, for what preemptions undo.
        let present = sequences.reduce(0) { $0 + ($1.tokens.count + $1.remaining) * (1 + $1.forks.count) }
        let deadline = step + 2 * (setup.tenants * (present + choices * setup.longest) + 3 * setup.longest)
        sequences.append(
            Sequence(
                id: id, tenant: tenant, tokens: prompt, remaining: remaining, forks: Array(id + 1..<id + choices),
                deadline: deadline))
        scheduler.add(id, prompt: prompt, tenant: "tenant \(tenant)")
    }

    private mutating func cancelOne() {
        let sequence = sequences.remove(at: generator.below(sequences.count))
        scheduler.remove(sequence.id)
        cancelled += 1 + sequence.forks.count
        checkBlocks()
    }

    private mutating func advance() {
        step += 1
        let plan = schedule()
        memory.apply(plan) { id in
            guard let sequence = sequences.first(where: { $0.id == id }) else { return nil }
            return (sequence.tenant, sequence.tokens)
        }
        check(plan)
        for entry in plan.entries where entry.isSampled && !hasFailed {
            guard let index = sequences.firstIndex(where: { $0.id == entry.id }) else { continue }
            fork(index)
            grow(entry.id, accepted: generator.below(entry.drafts + 1), drafts: entry.drafts)
        }
        expect(sequences.allSatisfy { step <= $0.deadline }, "a sequence is starved")
        checkBlocks()
    }

    /// Lets the other choices of a request part from its first, each of which then has a token of its own.
    private mutating func fork(_ index: Int) {
        let parent = sequences[index]
        guard !parent.forks.isEmpty else { return }
        sequences[index].forks = []
        scheduler.fork(parent.id, into: parent.forks)
        for id in parent.forks {
            let remaining = 1 + generator.below(setup.longest - parent.tokens.count + 1)
            let runs = scheduler.blocks(of: id) != nil
            sequences.append(
                Sequence(
                    id: id, tenant: parent.tenant, tokens: parent.tokens, remaining: remaining,
                    computed: runs ? parent.computed : 0, wasAdmitted: true,
                    deadline: parent.deadline + 2 * setup.longest))
            grow(id, accepted: 0, drafts: 0)
        }
    }

    private mutating func grow(_ id: SequenceID, accepted: Int, drafts: Int) {
        guard let index = sequences.firstIndex(where: { $0.id == id }) else { return }
        let accepted = min(accepted, sequences[index].remaining - 1)
        drafted += drafts
        self.accepted += accepted
        sequences[index].remaining -= 1 + accepted
        guard sequences[index].remaining > 0 else {
            sequences.remove(at: index)
            scheduler.remove(id)
            finished += 1
            return
        }
        let tokens = (0..<1 + accepted).map { _ in Int32(generator.below(3)) }
        // An accepted draft is what the step computed after the last known token.
        if let blocks = scheduler.blocks(of: id) {
            memory.write(
                tenant: sequences[index].tenant, sequences[index].tokens + tokens,
                sequences[index].tokens.count..<sequences[index].tokens.count + accepted, blocks)
        }
        sequences[index].tokens += tokens
        sequences[index].generated += 1 + accepted
        sequences[index].computed += accepted
        scheduler.append(to: id, tokens)
    }
}

// MARK: - What must hold

extension SchedulerSimulation {
    /// A step in which sequences propose as many drafts as they like, and prompts may take some part of it.
    ///
    /// Checked against the same step without any: drafts take no turn, no token and no block from anybody.
    private mutating func schedule() -> StepPlan {
        let streams = sequences.filter(\.isStream).map(\.id)
        let promptTokens = generator.below(3) == 0 ? generator.below(setup.tokens) : .max
        var undrafted = scheduler
        let expected = undrafted.schedule(promptTokens: promptTokens)
        var generator = generator
        var offers: [SequenceID: Int] = [:]
        let room = Dictionary(sequences.map { ($0.id, $0.remaining - 1) }) { first, _ in first }
        let plan = scheduler.schedule(promptTokens: promptTokens) { id, limit in
            offers[id] = generator.below(3) == 0 ? 0 : generator.below(max(min(limit, room[id] ?? 0), 0) + 1)
            return offers[id] ?? 0
        }
        self.generator = generator
        expect(plan.entries.map(\.id) == expected.entries.map(\.id), "drafts change who is served")
        expect(plan.entries.map(\.range) == expected.entries.map(\.range), "drafts change what is served")
        expect(scheduler.preemptions == undrafted.preemptions, "a sequence is preempted for drafts")
        expect(
            zip(plan.entries, expected.entries).allSatisfy { $0.blocks.starts(with: $1.blocks) },
            "drafts change a block table")
        expect(plan.entries.allSatisfy { $0.drafts == offers[$0.id] ?? 0 }, "the plan holds other drafts than proposed")
        expect(plan.entries.allSatisfy { $0.drafts == 0 || $0.range.count == 1 }, "drafts after a prompt")
        expect(
            plan.tokenCount <= setup.draftedStep || plan == expected, "a step with drafts is larger than it may be")
        let served = Set(plan.entries.map(\.id))
        expect(
            streams.allSatisfy { served.contains($0) || scheduler.blocks(of: $0) == nil },
            "a stream that runs has no token")
        let prompts = expected.entries.filter { !streams.contains($0.id) }.reduce(0) { $0 + $1.range.count }
        expect(prompts <= promptTokens || prompts == expected.tokenCount, "prompts take more than their part")
        return plan
    }

    private mutating func check(_ plan: StepPlan) {
        let isUndisturbed = scheduler.preemptions == preemptionsBefore
        preemptionsBefore = scheduler.preemptions
        expect(plan.tokenCount <= setup.tokens, "a step over its budget")
        expect(plan.outputCount <= max(setup.sequences, setup.draftedStep), "too many rows of logits")
        expect(plan.isEmpty == sequences.isEmpty, "no progress")
        expect(Set(plan.entries.map(\.id)).count == plan.entries.count, "a sequence is planned twice")
        expect(scheduler.runningCount <= setup.sequences, "too many run")
        expect(scheduler.runningCount + scheduler.waitingCount == sequences.count, "a sequence is lost")
        let planned = Dictionary(plan.entries.map { ($0.id, $0) }) { first, _ in first }
        expect(planned.keys.allSatisfy { id in sequences.contains { $0.id == id } }, "an unknown sequence is planned")
        copies += plan.copies.count
        for index in sequences.indices {
            let sequence = sequences[index]
            guard let blocks = scheduler.blocks(of: sequence.id) else {
                sequences[index].computed = 0
                expect(planned[sequence.id] == nil, "a sequence that waits is planned")
                continue
            }
            if !sequence.wasAdmitted {
                sequences[index].wasAdmitted = true
                let earlier = sequences[..<index].filter { $0.tenant == sequence.tenant }
                expect(earlier.allSatisfy(\.wasAdmitted), "a sequence overtakes one of its own tenant")
            }
            guard let entry = planned[sequence.id] else { continue }
            expect(entry.blocks == blocks, "a plan has another table than its sequence")
            expect(!entry.range.isEmpty, "an empty range")
            expect(entry.range.upperBound <= sequence.tokens.count, "unknown tokens are computed")
            expect(
                entry.isSampled == (entry.range.upperBound == sequence.tokens.count), "sampled too early or too late")
            expect(
                blocks.count * setup.blockTokens >= entry.range.upperBound + entry.drafts, "tokens without a block")
            expect(
                entry.range.lowerBound >= sequence.computed || !isUndisturbed, "what is in the cache is computed again")
            reused += max(entry.range.lowerBound - sequence.computed, 0)
            // Whatever was skipped must be in the cache, and be this tenant's and this text's.
            let wrong = memory.firstDifference(
                tenant: sequence.tenant, sequence.tokens, count: entry.range.upperBound, blocks)
            expect(wrong == nil, "position \(wrong ?? 0) of a sequence is not in its blocks")
            sequences[index].computed = entry.range.upperBound
        }
        checkBlocks()
    }

    /// No block is lost: those that are used are those in the tables.
    private mutating func checkBlocks() {
        let held = Set(sequences.flatMap { scheduler.blocks(of: $0.id) ?? [] })
        expect(held.allSatisfy { $0 >= 0 && $0 < setup.blocks }, "a block that does not exist")
        expect(held.count == scheduler.usedBlocks, "a block is lost")
        expect(scheduler.usedBlocks + scheduler.freeBlocks == setup.blocks, "blocks do not add up")
        expect(scheduler.idleBlocks <= scheduler.freeBlocks, "more can be found again than is free")
    }

    /// As `#expect`, which is too slow for what runs millions of times; ends the run at the first failure.
    private mutating func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        guard !condition, !hasFailed else { return }
        hasFailed = true
        Issue.record("step \(step), \(setup): \(message())")
    }
}
