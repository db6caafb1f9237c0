/// Identifies a sequence within one engine.
package typealias SequenceID = Int

/// Decides which tokens the next step computes.
///
/// A pure value: no tensors, no clock, no threads. Each sequence has tokens known and tokens computed, and a step spends
/// its token budget bringing the second up to the first; there is no prompt phase and no decode phase.
package struct Scheduler: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Tokens computed in one step, of all sequences together.
        package var tokensPerStep: Int
        /// Sequences that hold cache blocks at a time.
        package var sequences: Int
        /// Tokens up to which drafts may fill a step: in a small one they are nearly free, in a large one they only take
        /// the time of others. 0 for no drafts.
        package var draftedStep: Int

        package init(tokensPerStep: Int, sequences: Int, draftedStep: Int = 0) {
            precondition(
                tokensPerStep >= sequences && sequences > 0, "every running sequence needs a token of each step")
            precondition(draftedStep <= tokensPerStep, "drafts count as tokens of a step")
            self.tokensPerStep = tokensPerStep
            self.sequences = sequences
            self.draftedStep = draftedStep
        }
    }

    private struct Entry {
        let id: SequenceID
        /// Prompt and generated tokens.
        var known: Int
        /// Tokens whose keys and values are in the cache.
        var computed = 0
        var blocks: [Int32] = []

        var pending: Int { known - computed }
    }

    private let limits: Limits
    private let blockTokens: Int
    private var pool: BlockPool
    /// In order of admission.
    private var running: [Entry] = []
    /// In order of arrival; preempted sequences come back to the front.
    private var waiting: [Entry] = []

    package init(limits: Limits, blockTokens: Int, blocks: Int) {
        self.limits = limits
        self.blockTokens = blockTokens
        pool = BlockPool(capacity: blocks)
    }

    package var isIdle: Bool { running.isEmpty && waiting.isEmpty }
    package var runningCount: Int { running.count }
    package var waitingCount: Int { waiting.count }
    package var freeBlocks: Int { pool.freeCount }

    /// Tokens that one sequence can have at most, were it alone.
    package var longestSequence: Int { pool.capacity * blockTokens }

    /// Adds a sequence whose first `known` tokens are to be computed.
    package mutating func add(_ id: SequenceID, known: Int) {
        precondition(known > 0 && known <= longestSequence, "a sequence of \(known) tokens")
        waiting.append(Entry(id: id, known: known))
    }

    /// A sequence that was sampled has more tokens.
    ///
    /// - Parameter accepted: How many of them are drafts, whose keys and values the step has put into the cache.
    package mutating func append(to id: SequenceID, accepted: Int = 0) {
        guard let index = running.firstIndex(where: { $0.id == id }) else {
            preconditionFailure("sequence \(id) is not running")
        }
        running[index].known += 1 + accepted
        running[index].computed += accepted
        giveBack(index)
    }

    /// Forgets a sequence, wherever it stands; its blocks are free at once.
    package mutating func remove(_ id: SequenceID) {
        if let index = running.firstIndex(where: { $0.id == id }) {
            pool.release(running[index].blocks)
            running.remove(at: index)
        } else {
            waiting.removeAll { $0.id == id }
        }
    }

    /// Plans the next step and counts its tokens as computed, but for drafts.
    ///
    /// - Parameter propose: Asked how many drafts a sequence has, at most as many as it is told; the plan holds them all.
    package mutating func schedule(drafts propose: (SequenceID, Int) -> Int = { _, _ in 0 }) -> StepPlan {
        var plan = StepPlan()
        var budget = limits.tokensPerStep
        // Sequences that need one token first: a long prompt takes what is left, never their turn.
        for id in running.filter({ $0.pending == 1 }).map(\.id) { advance(id, &budget, &plan) }
        for id in running.filter({ $0.pending > 1 }).map(\.id) where budget > 0 { advance(id, &budget, &plan) }
        admit(&budget, &plan)
        addDrafts(&plan, propose)
        return plan
    }

    /// Gives a running sequence its share of the budget, if room can be made for it.
    private mutating func advance(_ id: SequenceID, _ budget: inout Int, _ plan: inout StepPlan) {
        // It may have been preempted for one that came before it.
        guard let index = running.firstIndex(where: { $0.id == id }), budget > 0 else { return }
        let count = min(running[index].pending, budget)
        while !reserve(index, count) {
            let victim = running.count - 1
            guard victim > index, !plan.contains(running[victim].id) else {
                preempt(index)
                return
            }
            preempt(victim)
        }
        spend(index, count, &budget, &plan)
    }

    private mutating func admit(_ budget: inout Int, _ plan: inout StepPlan) {
        while budget > 0, running.count < limits.sequences, let next = waiting.first {
            // Blocks for all that is known, so that no sequence is admitted only to be sent back.
            guard let blocks = pool.allocate(blocksFor(next.known)) else { return }
            waiting.removeFirst()
            running.append(next)
            running[running.count - 1].blocks = blocks
            spend(running.count - 1, min(next.pending, budget), &budget, &plan)
        }
    }

    private mutating func spend(_ index: Int, _ count: Int, _ budget: inout Int, _ plan: inout StepPlan) {
        let start = running[index].computed
        running[index].computed += count
        budget -= count
        plan.entries.append(
            StepPlan.Entry(
                id: running[index].id, range: start..<start + count, blocks: running[index].blocks,
                isSampled: running[index].pending == 0))
    }

    /// Fills a small step with drafts of sequences that need one token, from what everyone has left of tokens and blocks.
    private mutating func addDrafts(_ plan: inout StepPlan, _ propose: (SequenceID, Int) -> Int) {
        var room = limits.draftedStep - plan.tokenCount
        var drafting = plan.entries.count { $0.needsOneToken }
        for place in plan.entries.indices where plan.entries[place].needsOneToken && room > 0 {
            let id = plan.entries[place].id
            guard let index = running.firstIndex(where: { $0.id == id }) else { continue }
            // An even share, so that none takes it all; what one leaves goes to those after it.
            let share = (room + drafting - 1) / drafting
            let slots = (running[index].blocks.count + pool.freeCount) * blockTokens - running[index].computed
            let limit = min(share, slots)
            let count = propose(id, limit)
            let isReserved = reserve(index, count)
            precondition(count >= 0 && count <= limit && isReserved, "\(count) drafts, of at most \(limit)")
            plan.entries[place].drafts = count
            plan.entries[place].blocks = running[index].blocks
            room -= count
            drafting -= 1
        }
    }

    /// Frees the blocks that only drafts needed, so that nobody is ever preempted for them.
    private mutating func giveBack(_ index: Int) {
        let excess = running[index].blocks.count - blocksFor(running[index].computed)
        precondition(excess >= 0, "tokens without a block are counted as computed")
        guard excess > 0 else { return }
        pool.release(Array(running[index].blocks.suffix(excess)))
        running[index].blocks.removeLast(excess)
    }

    /// Makes sure that a sequence has blocks for its next `count` tokens.
    private mutating func reserve(_ index: Int, _ count: Int) -> Bool {
        let missing = blocksFor(running[index].computed + count) - running[index].blocks.count
        guard missing > 0 else { return true }
        guard let blocks = pool.allocate(missing) else { return false }
        running[index].blocks += blocks
        return true
    }

    /// Takes a sequence's blocks away; it is computed anew, to the same result, when there is room again.
    private mutating func preempt(_ index: Int) {
        var entry = running.remove(at: index)
        pool.release(entry.blocks)
        entry.blocks = []
        entry.computed = 0
        waiting.insert(entry, at: 0)
    }

    private func blocksFor(_ tokens: Int) -> Int { (tokens + blockTokens - 1) / blockTokens }
}
