/// What one combination of label values of a metric has counted.
protocol MetricSeries: AnyObject, Sendable {
    var identity: SeriesIdentity { get }

    /// Writes the samples as they stand at one moment.
    func write(into writer: inout ExpositionWriter)
}

/// Which series of which metric.
struct SeriesIdentity: Sendable {
    /// The metric's name.
    let name: String
    /// The labels as they are written between braces, values escaped; empty without labels.
    let labels: [UInt8]
}
