/// What a metric is called, what it means and how it is counted: said once, before anything is recorded.
///
///     MetricDescription(
///         name: "pinion_step_duration_seconds", help: "Time of one engine step.",
///         kind: .histogram(buckets: [0.001, 0.01, 0.1], unit: .seconds))
///
/// The initialiser checks the conventions of Prometheus and stops the program when they are broken: descriptions are
/// literals of the program, never input.
package struct MetricDescription: Sendable {
    /// What the observations of a histogram measure.
    package enum Unit: Sendable {
        /// A duration; the name ends in `_seconds`, and only such a histogram takes a `Timer`.
        case seconds
        /// Anything else, recorded as it is: tokens, bytes, sequences.
        case plain
    }

    /// The kind decides which handlers of swift-metrics the metric gives out.
    package enum Kind: Sendable {
        /// Only grows: `Counter` and `FloatingPointCounter`. The name ends in `_total`.
        case counter
        /// Goes up and down: `Meter`, `Gauge`, and a `Recorder` that does not aggregate.
        case gauge
        /// Counts observations by size: an aggregating `Recorder`, and `Timer` where the unit is seconds.
        ///
        /// Each bound belongs to its own bucket (`le`). They rise strictly and are finite; the bucket `+Inf` is added.
        case histogram(buckets: [Double], unit: Unit)
    }

    /// Bounds a histogram may have; each costs a line of every scrape for every combination of labels.
    package static let bucketLimit = 64

    package let name: String
    /// One sentence for the reader of the metric.
    package let help: String
    package let kind: Kind
    /// The names of the labels, in the order in which they are written; a handler's dimensions are exactly these.
    package let labels: [String]

    package init(name: String, help: String, kind: Kind, labels: [String] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        checkName()
        checkLabels()
        if case .histogram(let buckets, _) = kind { checkBuckets(buckets) }
    }

    /// Every name that the metric's samples bear, and its own.
    var sampleNames: [String] {
        switch kind {
        case .counter, .gauge: [name]
        case .histogram: [name, name + "_bucket", name + "_sum", name + "_count"]
        }
    }

    /// The word of the line `# TYPE`.
    var typeName: String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private func checkName() {
        precondition(Self.isName(name, colons: true), "metric name '\(name)' does not match [a-zA-Z_:][a-zA-Z0-9_:]*")
        let isTotal = name.hasSuffix("_total")
        switch kind {
        case .counter:
            precondition(isTotal, "the name of counter '\(name)' must end in _total")
        case .gauge:
            precondition(!isTotal, "the name of gauge '\(name)' ends in _total, which is for counters")
        case .histogram(_, let unit):
            precondition(!isTotal, "the name of histogram '\(name)' ends in _total, which is for counters")
            precondition(
                (unit == .seconds) == name.hasSuffix("_seconds"),
                "histogram '\(name)': the unit is seconds if and only if the name ends in _seconds")
        }
    }

    private func checkLabels() {
        for label in labels {
            precondition(
                Self.isName(label, colons: false),
                "metric '\(name)': label name '\(label)' does not match [a-zA-Z_][a-zA-Z0-9_]*")
            precondition(!label.hasPrefix("__"), "metric '\(name)': label name '\(label)' is reserved by its prefix __")
            if case .histogram = kind {
                precondition(label != "le", "histogram '\(name)': the label 'le' is for the bounds of the buckets")
            }
        }
        precondition(Set(labels).count == labels.count, "metric '\(name)' names a label twice: \(labels)")
    }

    private func checkBuckets(_ buckets: [Double]) {
        precondition(
            (1...Self.bucketLimit).contains(buckets.count),
            "histogram '\(name)' has \(buckets.count) bounds; expected 1 to \(Self.bucketLimit)")
        precondition(buckets.allSatisfy(\.isFinite), "histogram '\(name)' has a bound that is not finite: \(buckets)")
        precondition(
            zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 },
            "the bounds of histogram '\(name)' do not rise: \(buckets)")
    }

    /// ASCII letters, digits and underscores, not beginning with a digit; the names of metrics may have colons too.
    private static func isName(_ text: String, colons: Bool) -> Bool {
        guard let first = text.utf8.first, !isDigit(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): colons
            default: isDigit(byte)
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
