extension Scheduler {
    func blocksFor(_ tokens: Int) -> Int { (tokens + blockTokens - 1) / blockTokens }

    /// Gives a running sequence up to `limit` tokens of the step, if room can be made for them.
    ///
    /// - Returns: How many; none if it had to give way itself.
    @discardableResult
    mutating func take(_ id: SequenceID, _ limit: Int, _ plan: inout StepPlan) -> Int {
        // It may have been preempted for one that came before it.
        guard let sequence = running.first(where: { $0.id == id }) else { return 0 }
        let count = min(sequence.pending, limit)
        while !reserve(index(of: id), count, &plan) {
            let candidates = running.lazy.filter { !$0.isPlanned }
            guard let victim = candidates.min(by: { $0.hasLessProgress(than: $1) }) else {
                preconditionFailure("a sequence that is not planned is not running")
            }
            preempt(victim.id)
            if victim.id == id { return 0 }
        }
        let place = index(of: id)
        let start = running[place].computed
        advance(place, by: count)
        running[place].isPlanned = true
        service.charge(running[place].tenant, tokens: count)
        plan.entries.append(
            StepPlan.Entry(
                id: id, range: start..<start + count, blocks: running[place].blocks,
                isSampled: running[place].pending == 0))
        return count
    }

    /// Counts tokens as computed; full blocks of them can be found again from now on.
    mutating func advance(_ index: Int, by count: Int) {
        let full = running[index].computed / blockTokens
        running[index].compute(count)
        for block in full..<running[index].computed / blockTokens {
            let key = running[index].key(from: block * blockTokens, count: blockTokens)
            running[index].parent = .link(pool.remember(running[index].blocks[block], as: key).number)
        }
    }

    /// Makes sure that a sequence has blocks for its next `count` tokens, which nobody else reads.
    private mutating func reserve(_ index: Int, _ count: Int, _ plan: inout StepPlan) -> Bool {
        let sequence = running[index]
        let first = sequence.computed / blockTokens
        let parts = count > 0 && first < sequence.blocks.count && pool.isShared(sequence.blocks[first])
        let missing = max(blocksFor(sequence.computed + count) - sequence.blocks.count, 0)
        guard missing > 0 || parts else { return true }
        guard var blocks = pool.allocate(missing + (parts ? 1 : 0)) else { return false }
        if parts {
            let copy = StepPlan.Copy(source: sequence.blocks[first], target: blocks.removeLast())
            plan.copies.append(copy)
            running[index].blocks[first] = copy.target
            pool.release(CollectionOfOne(copy.source))
        }
        running[index].blocks += blocks
        return true
    }

    /// Fills a small step with drafts of sequences that need one token, from what everyone has left of tokens and blocks.
    mutating func addDrafts(_ plan: inout StepPlan, _ propose: (SequenceID, Int) -> Int) {
        var room = limits.draftedStep - plan.tokenCount
        var drafting = plan.entries.count { $0.needsOneToken }
        for place in plan.entries.indices where plan.entries[place].needsOneToken && room > 0 {
            let id = plan.entries[place].id
            let index = index(of: id)
            // An even share, so that none takes it all; what one leaves goes to those after it.
            let share = (room + drafting - 1) / drafting
            let slots = (running[index].blocks.count + pool.freeCount) * blockTokens - running[index].computed
            let limit = min(share, slots)
            let count = propose(id, limit)
            let isReserved = reserve(index, count, &plan)
            precondition(count >= 0 && count <= limit && isReserved, "\(count) drafts, of at most \(limit)")
            plan.entries[place].drafts = count
            plan.entries[place].blocks = running[index].blocks
            room -= count
            drafting -= 1
        }
    }

    /// Frees the blocks that only drafts needed, so that nobody is ever preempted for them.
    mutating func giveBack(_ index: Int) {
        let excess = running[index].blocks.count - blocksFor(running[index].computed)
        precondition(excess >= 0, "tokens without a block are counted as computed")
        guard excess > 0 else { return }
        pool.release(running[index].blocks.suffix(excess))
        running[index].blocks.removeLast(excess)
    }

    /// Takes a sequence's blocks away; it is computed again, to the same result, when there is room.
    ///
    /// What they hold stays in the cache until somebody needs the room.
    mutating func preempt(_ id: SequenceID) {
        var sequence = running.remove(at: index(of: id))
        pool.release(sequence.blocks)
        sequence.restart()
        preemptions += 1
        enqueue(sequence)
    }
}
