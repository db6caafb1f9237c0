import PinionEngine
import Testing
import TestSupport

/// Plays the engine for a scheduler: random arrivals, lengths and cancels, every step checked.
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

        var testDescription: String {
            "\(tokens) tokens a step, \(sequences) sequences, \(blocks) blocks of \(blockTokens), up to \(longest) tokens, "
                + "drafts up to \(draftedStep)"
        }
    }

    private struct Sequence {
        let id: SequenceID
        var known: Int
        /// Tokens it will generate before it ends.
        var remaining: Int
        var computed = 0
        /// As far as the plans tell; empty when the sequence waits.
        var blocks: [Int32] = []
        /// The step by which it must have ended.
        var deadline: Int
    }

    private let setup: Setup
    private var generator: SeededGenerator
    private var scheduler: Scheduler
    /// In order of arrival, which is also the order in which the scheduler serves them.
    private var sequences: [Sequence] = []
    private var step = 0
    private(set) var finished = 0
    private(set) var cancelled = 0
    private(set) var preemptions = 0
    private(set) var drafted = 0
    private(set) var accepted = 0
    private var hasFailed = false

    init(_ setup: Setup, seed: UInt64) {
        self.setup = setup
        generator = SeededGenerator(seed: seed)
        scheduler = Scheduler(
            limits: .init(
                tokensPerStep: setup.tokens, sequences: setup.sequences, draftedStep: setup.draftedStep),
            blockTokens: setup.blockTokens, blocks: setup.blocks)
    }

    mutating func run(arrivals: Int) {
        var arrived = 0
        while !hasFailed, arrived < arrivals || !sequences.isEmpty {
            // Bursts and lulls, as long as the queue is not much longer than what can run.
            var burst = generator.below(12) == 0 ? generator.below(2 * setup.sequences) + 1 : generator.below(2)
            if sequences.count > 3 * setup.sequences { burst = 0 }
            for _ in 0..<min(burst, arrivals - arrived) {
                arrived += 1
                add(arrived)
            }
            if !sequences.isEmpty, generator.below(40) == 0 { cancelOne() }
            advance()
        }
        guard !hasFailed else { return }
        #expect(scheduler.isIdle)
        #expect(scheduler.freeBlocks == setup.blocks)
        #expect(scheduler.schedule().isEmpty)
    }

    private mutating func add(_ id: SequenceID) {
        let known = 1 + generator.below(setup.longest)
        // The last token that is sampled is never computed.
        let remaining = 1 + generator.below(setup.longest - known + 1)
        // The oldest sequence is never preempted and computes a token in every step, so each ends at the latest when all
        // before it have computed all their tokens, one a step, and so has it.
        let ahead = sequences.reduce(0) { $0 + $1.known + $1.remaining }
        sequences.append(
            Sequence(id: id, known: known, remaining: remaining, deadline: step + ahead + known + remaining))
        scheduler.add(id, known: known)
    }

    private mutating func cancelOne() {
        let index = generator.below(sequences.count)
        scheduler.remove(sequences.remove(at: index).id)
        cancelled += 1
        checkBlocks()
    }

    private mutating func advance() {
        step += 1
        let plan = schedule()
        check(plan)
        for entry in plan.entries where entry.isSampled {
            guard let index = sequences.firstIndex(where: { $0.id == entry.id }) else { continue }
            let accepted = generator.below(entry.drafts + 1)
            drafted += entry.drafts
            self.accepted += accepted
            sequences[index].remaining -= 1 + accepted
            if sequences[index].remaining == 0 {
                sequences.remove(at: index)
                scheduler.remove(entry.id)
                finished += 1
            } else {
                sequences[index].known += 1 + accepted
                sequences[index].computed += accepted
                let blocks = (sequences[index].computed + setup.blockTokens - 1) / setup.blockTokens
                sequences[index].blocks.removeLast(sequences[index].blocks.count - blocks)
                scheduler.append(to: entry.id, accepted: accepted)
            }
        }
        expect(sequences.allSatisfy { step <= $0.deadline }, "a sequence is starved")
        checkBlocks()
    }

    /// A step in which sequences propose as many drafts as they like.
    ///
    /// Checked against the same step without any: drafts take no turn, no token and no block from anybody.
    private mutating func schedule() -> StepPlan {
        var undrafted = scheduler
        let expected = undrafted.schedule()
        var generator = generator
        var offers: [SequenceID: Int] = [:]
        let room = Dictionary(sequences.map { ($0.id, $0.remaining - 1) }) { first, _ in first }
        let plan = scheduler.schedule { id, limit in
            offers[id] = generator.below(3) == 0 ? 0 : generator.below(max(min(limit, room[id] ?? 0), 0) + 1)
            return offers[id] ?? 0
        }
        self.generator = generator
        expect(plan.entries.map(\.id) == expected.entries.map(\.id), "drafts change who is served")
        expect(plan.entries.map(\.range) == expected.entries.map(\.range), "drafts change what is served")
        expect(scheduler.runningCount == undrafted.runningCount, "a sequence is preempted for drafts")
        expect(
            zip(plan.entries, expected.entries).allSatisfy { $0.blocks.starts(with: $1.blocks) },
            "drafts change a block table")
        expect(plan.entries.allSatisfy { $0.drafts == offers[$0.id] ?? 0 }, "the plan holds other drafts than proposed")
        expect(plan.entries.allSatisfy { $0.drafts == 0 || $0.range.count == 1 }, "drafts after a prompt")
        expect(
            plan.tokenCount <= setup.draftedStep || plan == expected, "a step with drafts is larger than it may be")
        return plan
    }

    private mutating func check(_ plan: StepPlan) {
        expect(plan.tokenCount <= setup.tokens, "a step over its budget")
        expect(plan.outputCount <= max(setup.sequences, setup.draftedStep), "too many rows of logits")
        expect(plan.isEmpty == sequences.isEmpty, "no progress")
        expect(Set(plan.entries.map(\.id)).count == plan.entries.count, "a sequence is planned twice")
        let running = scheduler.runningCount
        expect(running <= setup.sequences, "too many run")
        expect(running + scheduler.waitingCount == sequences.count, "a sequence is lost")
        // Whoever held blocks and is not among the oldest that run has been preempted.
        for index in sequences.indices where index >= running && !sequences[index].blocks.isEmpty {
            sequences[index].blocks = []
            sequences[index].computed = 0
            preemptions += 1
        }
        let planned = Dictionary(plan.entries.map { ($0.id, $0) }) { first, _ in first }
        for index in sequences.indices {
            guard let entry = planned[sequences[index].id] else {
                expect(index >= running || sequences[index].known - sequences[index].computed > 1, "a turn is lost")
                continue
            }
            expect(index < running, "a sequence overtakes")
            expect(
                entry.range.lowerBound == sequences[index].computed, "a range does not go on where the last one ended")
            expect(!entry.range.isEmpty, "an empty range")
            expect(entry.range.upperBound <= sequences[index].known, "unknown tokens are computed")
            expect(
                entry.isSampled == (entry.range.upperBound == sequences[index].known), "sampled too early or too late")
            expect(entry.blocks.starts(with: sequences[index].blocks), "a table changes under its sequence")
            expect(
                entry.blocks.count * setup.blockTokens >= entry.range.upperBound + entry.drafts,
                "tokens without a block")
            sequences[index].computed = entry.range.upperBound
            sequences[index].blocks = entry.blocks
        }
        expect(planned.keys.allSatisfy { id in sequences.contains { $0.id == id } }, "an unknown sequence is planned")
        checkBlocks()
    }

    /// No block in two tables, and none lost.
    private mutating func checkBlocks() {
        let held = sequences.flatMap(\.blocks)
        expect(Set(held).count == held.count, "a block has two owners")
        expect(held.allSatisfy { $0 >= 0 && $0 < setup.blocks }, "a block that does not exist")
        expect(held.count + scheduler.freeBlocks == setup.blocks, "a block is lost")
    }

    /// As `#expect`, which is too slow for what runs millions of times; ends the run at the first failure.
    private mutating func expect(_ condition: Bool, _ message: String) {
        guard !condition, !hasFailed else { return }
        hasFailed = true
        Issue.record("step \(step), \(setup): \(message)")
    }
}
