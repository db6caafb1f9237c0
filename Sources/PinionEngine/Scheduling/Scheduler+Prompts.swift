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

    /// Who is admitted next: tenants that have less than their share of places go before all others.
    private func nextWaiting() -> ScheduledSequence? {
        guard service.presentCount > 1 else { return waiting.first }
        let places = places
        let entitled = waiting.filter { places[$0.tenant, default: 0] < placeShare }
        return (entitled.isEmpty ? waiting : entitled).min(by: isServedBefore)
    }

    /// Places that a tenant is entitled to.
    private var placeShare: Int { max(limits.sequences / max(service.presentCount, 1), 1) }

    /// Running sequences of each tenant.
    private var places: [String: Int] { running.reduce(into: [:]) { $0[$1.tenant, default: 0] += 1 } }

    private func isServedBefore(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        (service.tokens(of: one.tenant), one.arrival, one.id) < (
            service.tokens(of: other.tenant), other.arrival, other.id
        )
    }

    /// Gives a sequence that waits a place, if there is one, and blocks for all that is known of it.
    ///
    /// Blocks are set aside for what the others have yet to compute, and one for each, so that nobody is admitted
    /// only to be sent back soon.
    private mutating func admit(_ id: SequenceID) -> Bool {
        guard running.count < limits.sequences, let place = waiting.firstIndex(where: { $0.id == id }) else {
            return false
        }
        let setAside = running.reduce(running.count) { $0 + max(blocksFor($1.tokens.count) - $1.blocks.count, 0) }
        running.append(waiting.remove(at: place))
        let index = running.count - 1
        reuse(index)
        if blocksFor(running[index].tokens.count) - running[index].blocks.count + setAside <= pool.freeCount {
            return true
        }
        pool.release(running[index].blocks)
        var sequence = running.remove(at: index)
        sequence.restart()
        waiting.insert(sequence, at: place)
        return false
    }

    /// Takes blocks from the cache that hold a sequence's next tokens, all but the last, which has to be computed in any
    /// case.
    ///
    /// Blocks that this very step computes for another sequence are among them: a step stores all its keys and values
    /// in a layer before it reads any.
    private mutating func reuse(_ index: Int) {
        guard running[index].computed % blockTokens == 0 else { return }
        while running[index].pending > blockTokens,
            let link = pool.find(running[index].key(from: running[index].computed, count: blockTokens))
        {
            pool.retain(CollectionOfOne(link.block))
            running[index].reuse(link, tokens: blockTokens)
        }
    }

    /// Makes room for tenants that have less than their share of places, where others have more.
    ///
    /// A tenant never has to go below its share for another, so places do not go back and forth.
    mutating func reclaimPlaces() {
        guard service.presentCount > 1, !waiting.isEmpty else { return }
        let share = placeShare
        var places = places
        let claims: [String: Int] = waiting.reduce(into: [:]) { $0[$1.tenant, default: 0] += 1 }
        var wanted = claims.reduce(0) { $0 + max(min($1.value, share - places[$1.key, default: 0]), 0) }
        wanted -= limits.sequences - running.count
        while wanted > 0 {
            guard
                let victim = running.filter({ places[$0.tenant, default: 0] > share }).min(by: {
                    $0.hasLessProgress(than: $1)
                })
            else { return }
            places[victim.tenant, default: 0] -= 1
            preempt(victim.id)
            wanted -= 1
        }
    }
}
