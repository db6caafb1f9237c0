/// A set of Unicode scalars, kept as sorted, disjoint, non-adjacent ranges of scalar values.
///
/// Surrogates are never members: the universe is `0...0xD7FF` and `0xE000...0x10FFFF`.
package struct ScalarSet: Sendable, Hashable {
    /// Sorted by lower bound; no two ranges touch.
    package let ranges: [ClosedRange<UInt32>]

    private static let largestScalar: UInt32 = 0x10FFFF
    private static let surrogates: ClosedRange<UInt32> = 0xD800...0xDFFF

    /// Every scalar.
    package static let all = ScalarSet(trusted: [0...0xD7FF, 0xE000...0x10FFFF])
    package static let empty = ScalarSet(trusted: [])

    private init(trusted ranges: [ClosedRange<UInt32>]) {
        self.ranges = ranges
    }

    /// Takes ranges in any order, overlapping or not; values beyond Unicode and surrogates are left out.
    package init(_ unordered: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in unordered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard range.lowerBound <= Self.largestScalar else { continue }
            let upper = min(range.upperBound, Self.largestScalar)
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, upper)
            } else {
                merged.append(range.lowerBound...upper)
            }
        }
        ranges = merged.contains(where: { $0.overlaps(Self.surrogates) }) ? Self.withoutSurrogates(merged) : merged
    }

    package init(_ scalar: UInt32) {
        self.init([scalar...scalar])
    }

    private static func withoutSurrogates(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var kept: [ClosedRange<UInt32>] = []
        for range in ranges {
            guard range.overlaps(surrogates) else {
                kept.append(range)
                continue
            }
            if range.lowerBound < surrogates.lowerBound { kept.append(range.lowerBound...surrogates.lowerBound - 1) }
            if range.upperBound > surrogates.upperBound { kept.append(surrogates.upperBound + 1...range.upperBound) }
        }
        return kept
    }

    package var isEmpty: Bool { ranges.isEmpty }

    /// How many scalars the set holds.
    package var count: Int {
        ranges.reduce(0) { $0 + $1.count }
    }

    /// Takes time logarithmic in the number of ranges.
    package func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }

    package func union(_ other: ScalarSet) -> ScalarSet {
        ScalarSet(ranges + other.ranges)
    }

    /// All scalars that are not in this set.
    package var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.largestScalar { gaps.append(next...Self.largestScalar) }
        return ScalarSet(gaps)
    }

    package func intersection(_ other: ScalarSet) -> ScalarSet {
        var common: [ClosedRange<UInt32>] = []
        forEachOverlap(with: other) {
            common.append($0)
            return true
        }
        return ScalarSet(trusted: common)
    }

    package func isDisjoint(with other: ScalarSet) -> Bool {
        var disjoint = true
        forEachOverlap(with: other) { _ in
            disjoint = false
            return false
        }
        return disjoint
    }

    /// Walks both range lists once; the body answers whether to go on.
    private func forEachOverlap(with other: ScalarSet, _ body: (ClosedRange<UInt32>) -> Bool) {
        var mine = 0
        var theirs = 0
        while mine < ranges.count, theirs < other.ranges.count {
            let (a, b) = (ranges[mine], other.ranges[theirs])
            let lower = max(a.lowerBound, b.lowerBound)
            let upper = min(a.upperBound, b.upperBound)
            if lower <= upper, !body(lower...upper) { return }
            if a.upperBound < b.upperBound { mine += 1 } else { theirs += 1 }
        }
    }
}
