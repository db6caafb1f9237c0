/// The scale and base with which 32 weights are least changed by rounding: weight = scale * quant + base.
///
/// Errors are weighted by the block's root mean square plus the weight's own magnitude: large weights move a product
/// more, and small ones are the most. The candidates are scales around the block's range; each is made the best for the
/// quants it gives (weighted least squares in two unknowns), and the best of all is improved by turns of rounding and
/// solving, of which none can make it worse.
struct AffineFit {
    static let columns = 32
    private static let parts = columns / WeightLanes.scalarCount
    /// By how many levels a candidate's range is wider or narrower than the block's. Clipping the largest weights costs
    /// little where it makes the steps of all others smaller.
    private static let firstStretch: Float = -1
    private static let stretchStep: Float = 0.25
    private static let candidates = 9
    private static let refinements = 3
    /// Of the two equations, relative to their sums: below it quants are nearly all alike, and the sums' own rounding
    /// would choose scale and base.
    private static let leastDeterminant: Float = 1e-5

    private(set) var scale: Float = 0
    private(set) var base: Float = 0
    /// Weighted, less what no choice of scale and base changes.
    private var error = Float.infinity

    /// - Parameters:
    ///   - x: 32 finite weights.
    ///   - levels: The largest quant; the smallest is 0.
    ///   - isBelowZero: Whether the base must not be above 0, as formats with minima have it.
    @inline(__always)
    init(_ x: UnsafePointer<Float>, levels: Float, isBelowZero: Bool) {
        var low: Float = isBelowZero ? 0 : x[0]
        var high = x[0]
        for column in 0..<Self.columns {
            if x[column] < low { low = x[column] }
            if x[column] > high { high = x[column] }
        }
        let sums = Moments(x)
        guard high > low else {
            base = low
            return
        }
        let inverse = 1 / (high - low)
        guard inverse.isFinite, sums.weight > 0 else {
            base = isBelowZero ? 0 : low
            return
        }
        // What is left where no candidate can be solved, as in a block of one number.
        (scale, base) = ((high - low) / levels, low)
        for candidate in 0..<Self.candidates {
            let stretch = Self.firstStretch + Self.stretchStep * Float(candidate)
            improve(x, sums, (levels + stretch) * inverse, low, levels, isBelowZero)
        }
        for _ in 0..<Self.refinements {
            guard scale > 0 else { break }
            let before = error
            improve(x, sums, 1 / scale, base, levels, isBelowZero)
            guard error < before else { break }
        }
    }

    /// The sums that do not depend on quants, and how a weight's error counts.
    struct Moments {
        let floor: Float
        /// Sum of the error's weights, and of weight times number.
        let weight: Float
        let weighted: Float

        @inline(__always)
        init(_ x: UnsafePointer<Float>) {
            var squares = WeightLanes.zero
            for part in 0..<AffineFit.parts {
                let values = WeightLanes(at: x + part * WeightLanes.scalarCount)
                squares += values * values
            }
            floor = (squares.total / Float(AffineFit.columns)).squareRoot()
            var weights = WeightLanes.zero
            var products = WeightLanes.zero
            for part in 0..<AffineFit.parts {
                let values = WeightLanes(at: x + part * WeightLanes.scalarCount)
                let importance = values.magnitudes + floor
                weights += importance
                products += importance * values
            }
            weight = weights.total
            weighted = products.total
        }
    }

    /// Takes the best scale and base for the quants that `inverse` and `offset` give, if they are better.
    @inline(__always)
    private mutating func improve(
        _ x: UnsafePointer<Float>, _ sums: Moments, _ inverse: Float, _ offset: Float, _ levels: Float,
        _ isBelowZero: Bool
    ) {
        var linear = WeightLanes.zero
        var square = WeightLanes.zero
        var cross = WeightLanes.zero
        for part in 0..<Self.parts {
            let values = WeightLanes(at: x + part * WeightLanes.scalarCount)
            let quants = ((values - offset) * inverse).quants(from: 0, to: levels)
            let weighted = (values.magnitudes + sums.floor) * quants
            linear += weighted
            square += weighted * quants
            cross += weighted * values
        }
        let (q, qq, qx) = (linear.total, square.total, cross.total)
        let determinant = sums.weight * qq - q * q
        guard determinant > Self.leastDeterminant * sums.weight * qq else { return }
        var scale = (sums.weight * qx - sums.weighted * q) / determinant
        var base = (qq * sums.weighted - q * qx) / determinant
        if isBelowZero, base > 0 { (scale, base) = (qx / qq, 0) }
        guard scale > 0, scale.isFinite, base.isFinite else { return }
        let fixed = base * (base * sums.weight - 2 * sums.weighted)
        let error = scale * (scale * qq - 2 * qx + 2 * base * q) + fixed
        if error < self.error { (self.scale, self.base, self.error) = (scale, base, error) }
    }
}
