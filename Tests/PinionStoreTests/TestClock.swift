import Foundation
import Synchronization

/// A wall clock that stands still until it is moved.
final class TestClock: Sendable {
    private let date = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

    var now: Date {
        get { date.withLock { $0 } }
        set { date.withLock { $0 = newValue } }
    }

    func advance(by seconds: TimeInterval) { date.withLock { $0 += seconds } }

    /// The clock as a store takes it.
    var reading: @Sendable () -> Date { { self.now } }
}
