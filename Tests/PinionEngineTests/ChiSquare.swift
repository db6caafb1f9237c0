import Foundation

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
