import CoreMetrics

/// A value that goes up and down; any number, infinities and NaN included.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    let identity: SeriesIdentity
    private let value = AtomicDouble()

    init(_ identity: SeriesIdentity) {
        self.identity = identity
    }

    func set(_ value: Int64) { self.value.store(Double(value)) }

    func set(_ value: Double) { self.value.store(value) }

    func increment(by amount: Double) { value.add(amount) }

    func decrement(by amount: Double) { value.add(-amount) }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }

    func write(into writer: inout ExpositionWriter) {
        writer.sample(identity, value: value.load())
    }
}
