/// Times counted by size in fixed buckets, eight for each doubling: a percentile is off by an eighth at most.
///
///     var times = TimeHistogram()
///     for _ in 0..<99 { times.record(.milliseconds(10)) }
///     times.record(.seconds(1))
///     times.milliseconds(percentile: 50)      // about 10
///     times.milliseconds(percentile: 100)     // about 1,000
///
/// Recording allocates nothing: a histogram is made with all of its buckets.
package struct TimeHistogram: Sendable {
    /// Buckets of a doubling, as a power of two.
    private static let precisionBits = 3
    private static let bucketsPerDoubling = 1 << precisionBits
    /// Longer times count as this one, some 18 minutes.
    private static let longestMicroseconds: UInt64 = (1 << 30) - 1
    private static let bucketCount = bucket(of: longestMicroseconds) + 1

    private var counts = [UInt32](repeating: 0, count: bucketCount)

    package init() {}

    /// Counts a time; one below a microsecond, or below zero, counts as none.
    package mutating func record(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        var microseconds: UInt64 = 0
        if seconds >= 0, attoseconds >= 0 {
            // A time beyond the longest is cut before it is multiplied, which would overflow.
            let whole = min(UInt64(seconds), Self.longestMicroseconds / 1_000_000 + 1)
            microseconds = min(whole * 1_000_000 + UInt64(attoseconds) / 1_000_000_000_000, Self.longestMicroseconds)
        }
        let bucket = Self.bucket(of: microseconds)
        if counts[bucket] < .max { counts[bucket] += 1 }
    }

    package mutating func add(_ other: TimeHistogram) {
        for bucket in counts.indices { counts[bucket] = counts[bucket].saturatingAdd(other.counts[bucket]) }
    }

    /// Forgets all times, in place.
    package mutating func clear() {
        for bucket in counts.indices { counts[bucket] = 0 }
    }

    /// The time that so many percent of the times do not exceed; nil without any time.
    ///
    /// Times of one bucket are taken to be spread evenly over it.
    package func milliseconds(percentile: Int) -> Double? {
        let total = counts.reduce(0) { $0 + Int($1) }
        guard total > 0 else { return nil }
        let rank = max(1, (total * percentile + 99) / 100)
        var below = 0
        for (bucket, count) in counts.enumerated() where count > 0 {
            guard below + Int(count) >= rank else {
                below += Int(count)
                continue
            }
            let bounds = Self.bounds(of: bucket)
            let share = Double(rank - below) / Double(count)
            return (Double(bounds.lowerBound) + share * Double(bounds.count)) / 1_000
        }
        return nil
    }

    /// The bucket of a number of microseconds: small numbers have one each, larger ones share one by their first bits.
    private static func bucket(of microseconds: UInt64) -> Int {
        guard microseconds >= bucketsPerDoubling else { return Int(microseconds) }
        let exponent = UInt64.bitWidth - 1 - microseconds.leadingZeroBitCount
        let first = Int(microseconds >> (exponent - precisionBits)) & (bucketsPerDoubling - 1)
        return (exponent - precisionBits + 1) * bucketsPerDoubling + first
    }

    /// The microseconds that a bucket counts.
    private static func bounds(of bucket: Int) -> Range<Int> {
        guard bucket >= bucketsPerDoubling else { return bucket..<bucket + 1 }
        let (doubling, first) = bucket.quotientAndRemainder(dividingBy: bucketsPerDoubling)
        let lower = (bucketsPerDoubling + first) << (doubling - 1)
        return lower..<lower + 1 << (doubling - 1)
    }
}

extension UInt32 {
    fileprivate func saturatingAdd(_ other: UInt32) -> UInt32 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
