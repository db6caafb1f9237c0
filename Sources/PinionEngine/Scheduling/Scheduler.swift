/// Identifies a sequence within one engine.
package typealias SequenceID = Int

/// Decides which tokens the next step computes.
///
/// A pure value: no tensors, no clock, no threads. Each sequence has tokens known and tokens computed, and a step spends
/// its token budget bringing the second up to the first; there is no prompt phase and no decode phase.
///
/// - Streams come first: every running sequence that needs one token of its reply gets it in every step.
/// - What is left goes to prompts, the tenant's first who was served least, in order of arrival within a tenant.
/// - A sequence is admitted when there are blocks for all its tokens. Tokens whose blocks are in the cache are not computed.
/// - When blocks run out all the same, the sequence with the least progress gives its own back, and is computed again
///   later, to the same result.
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

    let limits: Limits
    let blockTokens: Int
    var pool: BlockPool
    var running: [ScheduledSequence] = []
    /// In order of arrival; a preempted sequence has its old place.
    var waiting: [ScheduledSequence] = []
    var service = TenantService()
    private var arrivals = 0
    /// Sequences that had to give back their blocks, so far.
    package internal(set) var preemptions = 0

    package init(limits: Limits, blockTokens: Int, blocks: Int) {
        self.limits = limits
        self.blockTokens = blockTokens
        pool = BlockPool(capacity: blocks)
    }

    package var isIdle: Bool { running.isEmpty && waiting.isEmpty }
    package var runningCount: Int { running.count }
    package var waitingCount: Int { waiting.count }
    /// Running sequences that are in their reply.
    package var streamCount: Int { running.count { $0.isStream } }
    /// Sequences in their prompt or waiting to begin it, at most as many as may run.
    package var promptCount: Int {
        // One at least may have a place that is taken from somebody else.
        let admissible = max(limits.sequences - running.count, 1)
        return running.count - streamCount + min(waiting.count, admissible)
    }
    /// Blocks that nobody uses, and those of them that can be found again.
    package var freeBlocks: Int { pool.freeCount }
    package var idleBlocks: Int { pool.idleCount }
    package var usedBlocks: Int { pool.usedCount }

    /// Tokens that one sequence can have at most, were it alone.
    package var longestSequence: Int { pool.capacity * blockTokens }

    /// The blocks of a sequence, in order; nil when it does not run.
    package func blocks(of id: SequenceID) -> [Int32]? { running.first { $0.id == id }?.blocks }

    /// Tokens of a running sequence's prompt that were found in the cache.
    package func cachedTokens(of id: SequenceID) -> Int { running[index(of: id)].cached }

    /// Adds a sequence whose prompt is to be computed.
    ///
    /// - Parameter tenant: Tenants share the machine evenly, and nobody finds another's blocks again.
    package mutating func add(_ id: SequenceID, prompt: [Int32], tenant: String) {
        precondition(!prompt.isEmpty && prompt.count <= longestSequence, "a sequence of \(prompt.count) tokens")
        arrivals += 1
        service.enter(tenant)
        waiting.append(ScheduledSequence(id: id, tenant: tenant, arrival: arrivals, tokens: prompt))
    }

    /// Adds sequences that continue the prompt of one that is about to be sampled for the first time.
    ///
    /// They share its blocks and run at once, as many as there are places; the others wait and find what they need in
    /// the cache.
    package mutating func fork(_ id: SequenceID, into others: [SequenceID]) {
        let parent = running[index(of: id)]
        precondition(parent.generated == 0 && parent.pending == 0, "sequence \(id) has not just computed its prompt")
        for other in others {
            let runs = running.count < limits.sequences
            let sequence = ScheduledSequence(id: other, forking: parent, sharesBlocks: runs)
            service.enter(parent.tenant)
            if runs {
                pool.retain(parent.blocks)
                running.append(sequence)
            } else {
                enqueue(sequence)
            }
        }
    }

    /// A sequence that was sampled has more tokens.
    ///
    /// - Parameter tokens: All but the last are drafts, whose keys and values the step has put into the cache.
    package mutating func append(to id: SequenceID, _ tokens: some Collection<Int32>) {
        precondition(!tokens.isEmpty, "a sampled sequence has a token")
        if let place = waiting.firstIndex(where: { $0.id == id }) {
            precondition(tokens.count == 1, "a sequence that waits has no drafts")
            waiting[place].tokens += tokens
            return
        }
        let index = index(of: id)
        running[index].tokens += tokens
        advance(index, by: tokens.count - 1)
        service.charge(running[index].tenant, tokens: tokens.count - 1)
        giveBack(index)
    }

    /// Forgets a sequence, wherever it stands; its blocks are free at once.
    package mutating func remove(_ id: SequenceID) {
        let removed: ScheduledSequence
        if let index = running.firstIndex(where: { $0.id == id }) {
            removed = running.remove(at: index)
            pool.release(removed.blocks)
        } else if let index = waiting.firstIndex(where: { $0.id == id }) {
            removed = waiting.remove(at: index)
        } else {
            return
        }
        service.leave(removed.tenant)
    }

    /// Plans the next step and counts its tokens as computed, but for drafts.
    ///
    /// - Parameters:
    ///   - promptTokens: Tokens that prompts may take of a step beside streams, so that these need not wait long.
    ///   - propose: Asked how many drafts a sequence has, at most as many as it is told; the plan holds them all.
    package mutating func schedule(
        promptTokens: Int = .max, drafts propose: (SequenceID, Int) -> Int = { _, _ in 0 }
    ) -> StepPlan {
        var plan = StepPlan()
        for index in running.indices { running[index].isPlanned = false }
        reclaimPlaces()
        // Most progress first: whoever must give way for blocks has not had its turn yet.
        let streams = running.filter(\.isStream).sorted { $1.hasLessProgress(than: $0) }
        for stream in streams { take(stream.id, 1, &plan) }
        let left = limits.tokensPerStep - plan.tokenCount
        advancePrompts(plan.isEmpty ? left : min(left, promptTokens), &plan)
        addDrafts(&plan, propose)
        return plan
    }

    func index(of id: SequenceID) -> Int {
        guard let index = running.firstIndex(where: { $0.id == id }) else {
            preconditionFailure("sequence \(id) is not running")
        }
        return index
    }

    /// Puts a sequence back into the queue, where it stood.
    mutating func enqueue(_ sequence: ScheduledSequence) {
        let place = waiting.firstIndex { ($0.arrival, $0.id) > (sequence.arrival, sequence.id) } ?? waiting.count
        waiting.insert(sequence, at: place)
    }
}
