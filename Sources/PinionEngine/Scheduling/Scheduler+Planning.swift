extension Scheduler {
    /// Spends a budget on prompts, and on replies that are computed again: those that run, and those that can be admitted.
    ///
    /// Whoever is next in turn but does not fit holds up all who wait, for otherwise a long prompt might wait for ever.
    mutating func advancePrompts(_ budget: Int, _ plan: inout StepPlan) {
        var budget = budget
        var admits = true
        while budget > 0 {
            let ready = running.filter { !$0.isPlanned && $0.pending > 0 }.min(by: isServedBefore)
            let next = admits ? nextWaiting() : nil
            if let next, ready.map({ isServedBefore(next, $0) }) ?? true {
                admits = admit(next.id)
                if admits { budget -= take(next.id, budget, &plan) }
            } else if let ready {
                reuse(index(of: ready.id))
                let taken = take(ready.id, budget, &plan)
                // It gave its blocks back, so there are none for anybody new.
                if taken == 0 { admits = false }
                budget -= taken
            } else {
                return
            }
        }
    }

    func isServedBefore(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        (service.tokens(of: one.tenant), one.arrival, one.id) < (
            service.tokens(of: other.tenant), other.arrival, other.id
        )
    }

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
}
