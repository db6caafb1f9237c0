/// The tokens that min-p, top-k and top-p leave, found without sorting the vocabulary.
///
/// One pass files every weight under its leading bits; only tokens above the class in which the cut falls are sorted.
package struct CandidateCut {
    /// Sign, exponent and 4 bits of fraction: classes 1/16 of an octave wide.
    private static let droppedBits: UInt32 = 19
    /// Classes from 2^-126 up to weight 1, which the most likely token has.
    private static let classes = Int(Float(1).bitPattern >> droppedBits) + 1

    /// Most likely first; equal weights by id.
    package let kept: [Int]

    /// - Parameter weights: Probabilities, or anything proportional to them with a maximum of 1.
    package init(_ weights: UnsafeMutableBufferPointer<Float>, minP: Float, topK: Int?, topP: Float) {
        let limit = max(min(topK ?? weights.count, weights.count), 1)
        var counts = [Int](repeating: 0, count: Self.classes)
        var masses = [Double](repeating: 0, count: Self.classes)
        for weight in weights where weight > 0 && weight >= minP {
            counts[Self.class(of: weight)] += 1
            masses[Self.class(of: weight)] += Double(weight)
        }
        // The classes that top-k needs, whole; then, of that, those that top-p needs.
        var lowest = Self.classes - 1
        var count = counts[lowest]
        while lowest > 0 && count < limit {
            lowest -= 1
            count += counts[lowest]
        }
        var ordered = Self.sorted(weights, from: lowest, minP: minP, counts: counts, masses: masses, topP, limit)
        ordered.truncate(to: limit)
        let total = ordered.mass ?? ordered.ids.reduce(0.0) { $0 + Double(weights[$1]) }
        var sum = 0.0
        var end = 0
        while end < ordered.ids.count {
            sum += Double(weights[ordered.ids[end]])
            end += 1
            if topP < 1 && sum >= Double(topP) * total { break }
        }
        kept = Array(ordered.ids.prefix(end))
    }

    private struct Ordered {
        var ids: [Int]
        /// Mass of all that minP and topK leave, where it is known without listing them.
        var mass: Double?

        mutating func truncate(to limit: Int) {
            guard ids.count > limit else { return }
            ids.removeLast(ids.count - limit)
        }
    }

    /// Sorts what can be kept at all: without a top-k cut, the classes below top-p's share need not be listed.
    private static func sorted(
        _ weights: UnsafeMutableBufferPointer<Float>, from lowest: Int, minP: Float, counts: [Int], masses: [Double],
        _ topP: Float, _ limit: Int
    ) -> Ordered {
        var from = lowest
        var mass: Double?
        if limit >= weights.count {
            let total = masses.reduce(0, +)
            mass = total
            var sum = 0.0
            from = classes
            // One class more than the share needs: the order of summation differs by a rounding from the exact cut.
            while from > 0 && sum < Double(topP) * total * (1 + 1e-9) {
                from -= 1
                sum += masses[from]
            }
            from = max(from - 1, 0)
        }
        let ids = weights.indices.filter { index in
            let weight = weights[index]
            return weight > 0 && weight >= minP && Self.class(of: weight) >= from
        }
        return Ordered(ids: ids.sorted { (weights[$0], $1) > (weights[$1], $0) }, mass: mass)
    }

    private static func `class`(of weight: Float) -> Int {
        min(Int(weight.bitPattern >> droppedBits), classes - 1)
    }
}
