extension Scheduler {
    func blocksFor(_ tokens: Int) -> Int { (tokens + blockTokens - 1) / blockTokens }

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
    mutating func reserve(_ index: Int, _ count: Int, _ plan: inout StepPlan) -> Bool {
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

    /// Takes blocks from the cache that hold a sequence's next tokens, all but the last, which has to be computed in any
    /// case.
    ///
    /// Blocks that this very step computes for another sequence are among them: a step stores all its keys and values
    /// in a layer before it reads any.
    mutating func reuse(_ index: Int) {
        guard running[index].computed % blockTokens == 0 else { return }
        while running[index].pending > blockTokens,
            let link = pool.find(running[index].key(from: running[index].computed, count: blockTokens))
        {
            pool.retain(CollectionOfOne(link.block))
            running[index].reuse(link, tokens: blockTokens)
        }
    }
}
