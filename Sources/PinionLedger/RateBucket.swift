/// A rate per minute as a token bucket over a monotonic clock: it holds a minute's amount, is filled evenly, and is full
/// at first.
struct RateBucket: Sendable {
    private static let secondsPerMinute = 60.0

    private(set) var capacity: Int
    /// Below zero after ``draw(_:)``: what comes next waits for it.
    private var level: Double
    private var filled: ContinuousClock.Instant

    init(capacity: Int, now: ContinuousClock.Instant) {
        self.capacity = capacity
        level = Double(capacity)
        filled = now
    }

    /// Takes over another rate; as much of it is used as of the old one, in proportion. Not in tokens: because what was
    /// used under a high rate would lock a low one for longer than the minute that it is a rate of.
    mutating func adopt(_ capacity: Int, now: ContinuousClock.Instant) {
        guard capacity != self.capacity else { return }
        fill(now)
        let share = self.capacity == 0 ? 0 : (Double(self.capacity) - level) / Double(self.capacity)
        level = Double(capacity) * (1 - share)
        self.capacity = capacity
    }

    /// Time until an amount can be taken; zero where it can be at once, nil where it never can.
    mutating func wait(for amount: Int, now: ContinuousClock.Instant) -> Duration? {
        guard amount <= capacity else { return nil }
        fill(now)
        return time(for: Double(amount) - level)
    }

    /// Takes an amount, whatever there is.
    mutating func draw(_ amount: Int) {
        level -= Double(amount)
    }

    /// Gives back what was taken and not used.
    mutating func refund(_ amount: Int) {
        level = min(level + Double(amount), Double(capacity))
    }

    mutating func state(now: ContinuousClock.Instant) -> RateState {
        fill(now)
        return RateState(
            limit: capacity, remaining: max(0, Int(level.rounded(.down))),
            reset: time(for: Double(capacity) - level) ?? .zero)
    }

    private func time(for missing: Double) -> Duration? {
        guard missing > 0 else { return .zero }
        return capacity == 0 ? nil : .seconds(missing / Double(capacity) * Self.secondsPerMinute)
    }

    private mutating func fill(_ now: ContinuousClock.Instant) {
        let elapsed = filled.duration(to: now) / .seconds(1)
        guard elapsed > 0 else { return }
        filled = now
        level = min(level + elapsed * Double(capacity) / Self.secondsPerMinute, Double(capacity))
    }
}

/// A rate as reply headers show it.
package struct RateState: Sendable, Equatable {
    /// A minute's amount.
    package let limit: Int
    /// What could be taken now.
    package let remaining: Int
    /// Time until everything could be taken again.
    package let reset: Duration
}
