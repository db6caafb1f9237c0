/// What happened in a slot of time.
package protocol TimeSlot {
    init()
    /// Forgets everything, keeping the room that it has.
    mutating func clear()
}

/// The latest slots of time, each with what happened in it; their number is fixed, and the oldest is used again.
///
///     var ring = TimeRing<Minute>(slots: 60, of: .seconds(60))
///     ring.update(at: time) { $0.requests += 1 }
///     ring.read(at: time) { ago, minute in ... }        // from 59 minutes ago to the minute that runs
///
/// Times are those of a monotonic clock that the caller reads, counted from any moment, and not below zero. They may come
/// a little out of order, as several threads read the clock before they have their turn here.
package struct TimeRing<Slot: TimeSlot> {
    private let length: Duration
    private var slots: [Slot]
    /// Number of the newest slot since the clock's beginning.
    private var newest = 0

    package init(slots count: Int, of length: Duration) {
        precondition(count > 0 && length > .zero, "a ring has slots, and each takes time")
        self.length = length
        // One by one: copies of one slot would share its storage, and the first change of each would allocate.
        slots = (0..<count).map { _ in Slot() }
    }

    /// Changes the slot of a time; what is older than the oldest slot is forgotten already.
    package mutating func update(at time: Duration, _ change: (inout Slot) -> Void) {
        let number = number(of: time)
        advance(to: number)
        guard newest - number < slots.count else { return }
        change(&slots[number % slots.count])
    }

    /// Reads all slots, the oldest first; `ago` is 0 for the slot that holds the time.
    package mutating func read(at time: Duration, _ reader: (_ ago: Int, Slot) -> Void) {
        advance(to: number(of: time))
        for ago in (0..<slots.count).reversed() where newest >= ago { reader(ago, slots[(newest - ago) % slots.count]) }
    }

    /// Time that has gone by in the slot that holds a time.
    package func elapsed(at time: Duration) -> Duration { time - length * number(of: time) }

    /// Clears the slots that time has gone through since the newest.
    private mutating func advance(to number: Int) {
        guard number > newest else { return }
        for cleared in max(newest + 1, number - slots.count + 1)...number { slots[cleared % slots.count].clear() }
        newest = number
    }

    private func number(of time: Duration) -> Int { Int(time / length) }
}

extension TimeRing: Sendable where Slot: Sendable {}
