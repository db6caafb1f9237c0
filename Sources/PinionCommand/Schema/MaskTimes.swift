import PinionGeneration
import Synchronization

/// How long it took to find the tokens that may come next, token by token.
final class MaskTimes: GrammarObserver {
    struct Summary {
        let count: Int
        /// Microseconds.
        let mean: Double
        let p99: Double
        let maximum: Double
    }

    /// Microseconds.
    private let times = Mutex<[Double]>([])

    func masked(in time: Duration) { times.withLock { $0.append(time / .microseconds(1)) } }
    func compiled(in time: Duration) {}
    func found() {}
    func forced(_ tokens: Int) {}

    /// nil without any.
    var summary: Summary? {
        let sorted = times.withLock { $0.sorted() }
        guard let maximum = sorted.last else { return nil }
        let mean = sorted.reduce(0, +) / Double(sorted.count)
        let p99 = sorted[min(sorted.count * 99 / 100, sorted.count - 1)]
        return Summary(
            count: sorted.count, mean: Self.rounded(mean), p99: Self.rounded(p99), maximum: Self.rounded(maximum))
    }

    /// To a hundredth: a clock says no more.
    private static func rounded(_ microseconds: Double) -> Double { (microseconds * 100).rounded() / 100 }
}
