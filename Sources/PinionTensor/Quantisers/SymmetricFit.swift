/// The scale with which 16 or 32 weights are least changed by rounding: weight = scale * quant, the quants from -levels to
/// levels - 1.
///
/// Errors are weighted by the square of the weight. There is one quant more below zero than above, so that the weight of
/// largest magnitude takes the lowest quant, whatever its sign, and candidates are scales around that.
struct SymmetricFit {
    private static let firstStretch: Float = -1.25
    private static let stretchStep: Float = 0.25
    private static let candidates = 11
    private static let refinements = 2

    private(set) var scale: Float = 0
    /// What rounding to this scale leaves of the weights' squares, the larger the better.
    private var gain: Float = 0

    /// - Parameters:
    ///   - x: Finite weights.
    ///   - parts: How many times 16 they are.
    ///   - levels: The magnitude of the lowest quant.
    @inline(__always)
    init(_ x: UnsafePointer<Float>, parts: Int, levels: Float) {
        var extreme: Float = 0
        for column in 0..<parts * WeightLanes.scalarCount where x[column].magnitude > extreme.magnitude {
            extreme = x[column]
        }
        let inverse = -1 / extreme
        guard inverse.isFinite else { return }
        scale = -extreme / levels
        for candidate in 0..<Self.candidates {
            let stretch = Self.firstStretch + Self.stretchStep * Float(candidate)
            improve(x, parts, (levels + stretch) * inverse, levels)
        }
        for _ in 0..<Self.refinements { improve(x, parts, 1 / scale, levels) }
    }

    @inline(__always)
    private mutating func improve(_ x: UnsafePointer<Float>, _ parts: Int, _ inverse: Float, _ levels: Float) {
        var square = WeightLanes.zero
        var cross = WeightLanes.zero
        for part in 0..<parts {
            let values = WeightLanes(at: x + part * WeightLanes.scalarCount)
            let quants = (values * inverse).quants(from: -levels, to: levels - 1)
            let weighted = values * values * quants
            square += weighted * quants
            cross += weighted * values
        }
        let (qq, qx) = (square.total, cross.total)
        guard qq > 0 else { return }
        let gain = qx / qq * qx
        guard gain > self.gain, (qx / qq).isFinite else { return }
        (scale, self.gain) = (qx / qq, gain)
    }
}
