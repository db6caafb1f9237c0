import Foundation

/// Random numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in `0..<bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Uniform in [0, 1).
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Normally distributed, by Box and Muller's transform.
    mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }
}

/// How well counts fit probabilities.
enum ChiSquare {
    /// Classes expected less often than this are counted together.
    private static let leastExpected = 5.0

    /// Standard deviations of the statistic above its mean: past `bound`, a right sampler falls less than once in 10^5.
    private static let deviations = 5.0

    /// - Returns: The statistic, and the bound that it must not pass.
    static func test(_ counts: [Int], _ probabilities: [Double]) -> (statistic: Double, bound: Double) {
        let total = Double(counts.reduce(0, +))
        var statistic = 0.0
        var classes = 0
        var rest = (observed: 0.0, expected: 0.0)
        for (count, probability) in zip(counts, probabilities) {
            let expected = probability * total
            guard expected >= leastExpected else {
                rest.observed += Double(count)
                rest.expected += expected
                continue
            }
            statistic += (Double(count) - expected) * (Double(count) - expected) / expected
            classes += 1
        }
        if rest.expected > 0 {
            // Few are expected: one more in the denominator keeps a single stray draw from deciding.
            let difference = rest.observed - rest.expected
            statistic += difference * difference / max(rest.expected, 1)
            classes += 1
        }
        let freedom = Double(max(classes - 1, 1))
        return (statistic, freedom + deviations * (2 * freedom).squareRoot() + deviations)
    }
}
