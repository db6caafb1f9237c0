import Foundation
import PinionModelFiles
import PinionTensor

/// The frequencies of a rotation, after its scaling.
struct Rotation {
    /// Radians per position of each pair.
    let frequencies: [Double]
    /// Factor of cosines and sines.
    let amplitude: Double

    /// - Parameters:
    ///   - dimensions: Elements of a head that are rotated; even.
    ///   - divisors: Of the frequencies of each pair, beside the scaling; empty for none.
    ///   - context: Tokens that a sequence may have; what depends on a length takes this one, whatever a sequence has, so that
    ///     a token's logits do not depend on what comes later.
    init(_ given: Rotary.Frequencies, dimensions: Int, divisors: [Float], context: Int) {
        let pairs = dimensions / 2
        func plain(_ pair: Int, _ base: Double) -> Double { pow(base, -2 * Double(pair) / Double(dimensions)) }
        func divided(_ scale: Double) -> [Double] {
            (0..<pairs).map { pair in
                let divisor = divisors.isEmpty ? 1 : Double(divisors[pair])
                return scale * plain(pair, given.base) / divisor
            }
        }
        switch given.scaling {
        case .none: (frequencies, amplitude) = (divided(1), 1)
        case .linear(let factor): (frequencies, amplitude) = (divided(1 / factor), 1)
        case .yarn(let yarn):
            frequencies = Self.yarn(yarn, divided(1), base: given.base, dimensions: dimensions)
            amplitude = yarn.amplitude
        case .llama3(let factor, let low, let high, let original):
            frequencies = divided(1).map { Self.llama3($0, factor, low, high, Double(original)) }
            amplitude = 1
        case .longRope(let long):
            let list = (context > long.original ? long.long : long.short) ?? []
            precondition(list.count == pairs, "\(list.count) divisors of \(pairs) pairs")
            frequencies = (0..<pairs).map { plain($0, given.base) / Double(list[$0]) }
            amplitude = long.amplitude
        case .dynamic(let factor, let trained):
            let growth = factor * Double(max(context, trained)) / Double(trained) - (factor - 1)
            let base = given.base * pow(growth, Double(dimensions) / Double(max(dimensions - 2, 1)))
            (frequencies, amplitude) = ((0..<pairs).map { plain($0, base) }, 1)
        }
    }

    /// Fast pairs stay, slow ones are divided by the factor, and there is a slope between them.
    private static func yarn(_ yarn: Rotary.Yarn, _ plain: [Double], base: Double, dimensions: Int) -> [Double] {
        /// The pair that makes so many turns within the original context.
        func pair(_ turns: Double) -> Double {
            Double(dimensions) * log(Double(yarn.original) / (turns * 2 * .pi)) / (2 * log(base))
        }
        var (low, high) = (pair(yarn.fast), pair(yarn.slow))
        if yarn.isTruncated { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        low = max(low, 0)
        high = min(high, Double(dimensions - 1))
        // As the reference does, where both bounds fall on one pair.
        if low == high { high += 0.001 }
        return plain.enumerated().map { index, frequency in
            let slow = min(max((Double(index) - low) / (high - low), 0), 1)
            return frequency / yarn.factor * slow + frequency * (1 - slow)
        }
    }

    private static func llama3(
        _ frequency: Double, _ factor: Double, _ low: Double, _ high: Double, _ original: Double
    ) -> Double {
        let wave = 2 * .pi / frequency
        if wave < original / high { return frequency }
        if wave > original / low { return frequency / factor }
        let slope = (original / wave - low) / (high - low)
        return (1 - slope) * frequency / factor + slope * frequency
    }
}
