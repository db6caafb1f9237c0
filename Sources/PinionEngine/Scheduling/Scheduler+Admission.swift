extension Scheduler {
    /// Gives a sequence that waits a place, if there is one, and blocks for all that is known of it.
    ///
    /// Blocks are set aside for what the others have yet to compute, and one for each, so that nobody is admitted
    /// only to be sent back soon.
    mutating func admit(_ id: SequenceID) -> Bool {
        guard running.count < limits.sequences, let place = waiting.firstIndex(where: { $0.id == id }) else {
            return false
        }
        let setAside = running.reduce(running.count) { $0 + max(blocksFor($1.tokens.count) - $1.blocks.count, 0) }
        let candidate = waiting.remove(at: place)
        running.append(candidate)
        let index = running.count - 1
        reuse(index)
        if blocksFor(running[index].tokens.count) - running[index].blocks.count + setAside <= pool.freeCount {
            return true
        }
        pool.release(running.remove(at: index).blocks)
        waiting.insert(candidate, at: place)
        return false
    }

    /// Who is admitted next: tenants that have less than their share of places go before all others.
    func nextWaiting() -> ScheduledSequence? {
        guard service.presentCount > 1 else { return waiting.first }
        let places = places
        let entitled = waiting.filter { places[$0.tenant, default: 0] < placeShare }
        return (entitled.isEmpty ? waiting : entitled).min(by: isServedBefore)
    }

    /// Places that a tenant is entitled to.
    private var placeShare: Int { max(limits.sequences / max(service.presentCount, 1), 1) }

    /// Running sequences of each tenant.
    private var places: [String: Int] { running.reduce(into: [:]) { $0[$1.tenant, default: 0] += 1 } }

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
