import CoreMetrics

/// A sum that only grows, from 0.
///
/// Amounts that are negative or not finite are ignored: the one would look like a restart of the process, the other
/// could never be left again. Whole numbers are exact up to 2^53.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
    let identity: SeriesIdentity
    private let total = AtomicDouble()

    init(_ identity: SeriesIdentity) {
        self.identity = identity
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        total.add(amount)
    }

    func reset() { total.store(0) }

    func write(into writer: inout ExpositionWriter) {
        writer.sample(identity, value: total.load())
    }
}
