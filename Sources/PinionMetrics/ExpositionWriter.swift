/// Writes lines of the text exposition format.
struct ExpositionWriter {
    /// Room for a page of some hundred samples.
    private static let initialCapacity = 16_384

    /// Whole numbers up to here have a spelling of their own, without point or exponent: 2^53.
    private static let wholeNumberLimit = 9_007_199_254_740_992.0

    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(Self.initialCapacity)
    }

    /// The two comments ahead of a metric's samples.
    mutating func header(_ description: MetricDescription) {
        append("# HELP ", description.name, " ")
        Self.append(escaping: description.help, quotes: false, to: &bytes)
        append("\n# TYPE ", description.name, " ", description.typeName, "\n")
    }

    mutating func sample(_ series: SeriesIdentity, suffix: String = "", value: Double) {
        begin(series, suffix: suffix, bound: nil)
        append(Self.text(of: value), "\n")
    }

    mutating func sample(_ series: SeriesIdentity, suffix: String, count: UInt64) {
        begin(series, suffix: suffix, bound: nil)
        append(String(count), "\n")
    }

    /// A bucket of a histogram; `count` includes the buckets below it.
    mutating func bucket(_ series: SeriesIdentity, bound: Double, count: UInt64) {
        begin(series, suffix: "_bucket", bound: bound)
        append(String(count), "\n")
    }

    /// Appends a label's value, without its quotes.
    static func append(labelValue: String, to bytes: inout [UInt8]) {
        append(escaping: labelValue, quotes: true, to: &bytes)
    }

    /// A number as Go's parser reads it: the shortest digits that give the same number again.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if abs(value) <= wholeNumberLimit, value == value.rounded() { return String(Int64(value)) }
        return value.description
    }

    private mutating func begin(_ series: SeriesIdentity, suffix: String, bound: Double?) {
        append(series.name, suffix)
        if !series.labels.isEmpty || bound != nil {
            append("{")
            bytes += series.labels
            if let bound {
                append(series.labels.isEmpty ? "le=\"" : ",le=\"", Self.text(of: bound), "\"")
            }
            append("}")
        }
        append(" ")
    }

    private mutating func append(_ texts: String...) {
        for text in texts { bytes += text.utf8 }
    }

    private static func append(escaping text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: bytes += "\\\"".utf8
            default: bytes.append(byte)
            }
        }
    }
}
