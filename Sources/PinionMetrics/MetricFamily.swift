import Synchronization

/// A declared metric and its series, one for each combination of label values seen.
final class MetricFamily: Sendable {
    let description: MetricDescription

    /// The overflow series' labels; empty, as are those of the only series, when the metric has no labels.
    private let overflowLabels: [UInt8]

    /// By the text of their labels, `a="1",b="2"`, which escaping makes unambiguous.
    private let series: Mutex<[[UInt8]: any MetricSeries]>

    init(_ description: MetricDescription) {
        self.description = description
        overflowLabels = Self.text(
            of: description.labels.map { (name: $0, value: PrometheusRegistry.overflowValue) })
        series = Mutex([:])
        if description.labels.isEmpty { _ = find([]) }
    }

    /// The series of some label values, made when there is none; the overflow series when there is no room for it.
    func series(_ dimensions: [(String, String)]) -> any MetricSeries {
        precondition(
            dimensions.count == description.labels.count,
            "metric '\(description.name)' has the labels \(description.labels), a handler has \(dimensions.map(\.0))")
        let labels = description.labels.map { name in
            guard let value = dimensions.first(where: { $0.0 == name })?.1 else {
                preconditionFailure("metric '\(description.name)' has a label '\(name)', which a handler lacks")
            }
            return (name: name, value: value)
        }
        let fits = labels.allSatisfy { $0.value.utf8.count <= PrometheusRegistry.labelValueLimit }
        return find(fits ? Self.text(of: labels) : overflowLabels)
    }

    /// Forgets a series, unless it is the only one or the overflow of all.
    func remove(_ removed: any MetricSeries) {
        let labels = removed.identity.labels
        guard labels != overflowLabels else { return }
        series.withLock { series in
            if let present = series[labels], present === removed { series[labels] = nil }
        }
    }

    /// The comments and samples of the metric; the comments alone when it has no series yet.
    func write(into writer: inout ExpositionWriter) {
        writer.header(description)
        let present = series.withLock { Array($0.values) }
        for one in present.sorted(by: { $0.identity.labels.lexicographicallyPrecedes($1.identity.labels) }) {
            one.write(into: &writer)
        }
    }

    private func find(_ labels: [UInt8]) -> any MetricSeries {
        series.withLock { series in
            if let present = series[labels] { return present }
            let overflow = series[overflowLabels]
            let hasRoom = series.count - (overflow == nil ? 0 : 1) < PrometheusRegistry.seriesLimit
            if let overflow, !hasRoom { return overflow }
            let key = hasRoom ? labels : overflowLabels
            let made = makeSeries(SeriesIdentity(name: description.name, labels: key))
            series[key] = made
            return made
        }
    }

    private func makeSeries(_ identity: SeriesIdentity) -> any MetricSeries {
        switch description.kind {
        case .counter: CounterSeries(identity)
        case .gauge: GaugeSeries(identity)
        case .histogram(let buckets, let unit): HistogramSeries(identity, bounds: buckets, unit: unit)
        }
    }

    /// Labels as the format writes them between braces.
    private static func text(of labels: [(name: String, value: String)]) -> [UInt8] {
        var text: [UInt8] = []
        for label in labels {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text += label.name.utf8
            text += "=\"".utf8
            ExpositionWriter.append(labelValue: label.value, to: &text)
            text.append(UInt8(ascii: "\""))
        }
        return text
    }
}
