import Synchronization

/// Counts calls down to one.
final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) {
        left = Mutex(count)
    }

    /// Whether this call is the last one to count, or comes after it.
    func isDone() -> Bool {
        left.withLock { left in
            left -= 1
            return left <= 0
        }
    }
}
