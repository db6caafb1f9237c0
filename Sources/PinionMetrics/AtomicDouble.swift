import Synchronization

/// A number that threads add to without a lock.
///
/// Relaxed ordering is enough: a sample orders nothing but itself.
struct AtomicDouble: ~Copyable, Sendable {
    private let value = Atomic<Double>(0)

    func load() -> Double { value.load(ordering: .relaxed) }

    func store(_ new: Double) { value.store(new, ordering: .relaxed) }

    func add(_ amount: Double) {
        var current = value.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = value.weakCompareExchange(
                expected: current, desired: current + amount, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
