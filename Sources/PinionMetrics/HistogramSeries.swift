import CoreMetrics
import Synchronization

/// Observations counted by size.
///
/// A lock rather than atomics, because the sum and the count of a scrape must be of the same observations. Those that
/// are not finite are ignored: they would spoil the sum for good.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private struct Observations: Sendable {
        /// One count for each bound and a last one for what is above them all; not cumulative.
        var counts: [UInt64]
        var sum = 0.0
    }

    private static let nanosecondsPerSecond = 1e9

    let identity: SeriesIdentity
    let unit: MetricDescription.Unit
    private let bounds: [Double]
    private let observations: Mutex<Observations>

    init(_ identity: SeriesIdentity, bounds: [Double], unit: MetricDescription.Unit) {
        self.identity = identity
        self.bounds = bounds
        self.unit = unit
        observations = Mutex(Observations(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        observations.withLock { seen in
            seen.counts[bucket] &+= 1
            seen.sum += value
        }
    }

    /// A duration below zero, which a clock set back can give, counts as zero.
    ///
    /// Divided, not multiplied by 1e-9: the division rounds 5 ms to the very number that the literal 0.005 is, so that
    /// a duration equal to a bound falls into its bucket.
    func recordNanoseconds(_ duration: Int64) {
        record(Double(max(0, duration)) / Self.nanosecondsPerSecond)
    }

    func write(into writer: inout ExpositionWriter) {
        // Copied count by count into room made beforehand: a copy of the array that shared its storage would make the
        // next record allocate.
        var counts = [UInt64](repeating: 0, count: bounds.count + 1)
        let sum = observations.withLock { seen in
            for bucket in counts.indices { counts[bucket] = seen.counts[bucket] }
            return seen.sum
        }
        var total: UInt64 = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            total &+= count
            writer.bucket(identity, bound: bound, count: total)
        }
        writer.sample(identity, suffix: "_sum", value: sum)
        writer.sample(identity, suffix: "_count", count: total)
    }
}
