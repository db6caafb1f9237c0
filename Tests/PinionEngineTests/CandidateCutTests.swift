import PinionEngine
import Testing
import TestSupport

/// The cut by classes against the plain cut by sorting: equal tokens in equal order, always.
@Suite("Candidate cut")
struct CandidateCutTests {
    static let minPs: [Float] = [0, 1e-30, 0.001, 0.05, 0.5, 1]
    static let topKs: [Int?] = [nil, 1, 2, 7, 50, 1_000_000]
    static let topPs: [Float] = [1, 1 - 1e-7, 0.999, 0.9, 0.5, 0.1, 1e-6]

    private func check(_ weights: [Float], minP: Float, topK: Int?, topP: Float) {
        var copy = weights
        let kept = copy.withUnsafeMutableBufferPointer { CandidateCut($0, minP: minP, topK: topK, topP: topP).kept }
        let expected = ReferenceSampling.kept(weights, minP: minP, topK: topK, topP: topP)
        #expect(
            kept == expected,
            "\(weights.count) weights \(weights.prefix(8)), min-p \(minP), top-k \(topK ?? -1), top-p \(topP)")
        #expect(copy == weights)
    }

    private func checkAll(_ weights: [Float]) {
        for minP in Self.minPs {
            for topK in Self.topKs {
                for topP in Self.topPs { check(weights, minP: minP, topK: topK, topP: topP) }
            }
        }
    }

    @Test("Adversarial weights: ties, one token, zeros, tiny weights, class borders")
    func adversarial() {
        checkAll([1])
        checkAll([1, 0])
        checkAll([0, 0, 0, 1, 0])
        checkAll([Float](repeating: 1, count: 10))
        checkAll([Float](repeating: 1, count: 1_000))
        checkAll([1] + [Float](repeating: 1e-38, count: 500))
        checkAll([1] + [Float](repeating: .leastNonzeroMagnitude, count: 500))
        checkAll([Float](repeating: 0.5, count: 99) + [1])
        // Neighbours in the last bit, on both sides of a class border.
        let border = Float(0.53125)
        checkAll([border.nextDown, border, border.nextUp, 1, border, border.nextDown, Float(1).nextDown, 1])
        // A tail that together outweighs its head.
        checkAll([1] + [Float](repeating: 0x1p-10, count: 5_000))
        // Every class once, the likeliest last.
        checkAll(
            (0..<2_000).map { Float(bitPattern: Float(0x1p-120).bitPattern + UInt32($0) << 19) }.filter { $0 < 1 } + [1]
        )
        checkAll((0..<300).map { 1 / Float($0 + 1) })
        checkAll((0..<300).map { 1 / Float(300 - $0) })
    }

    @Test("Random weights of every spread, with ties and zeros")
    func random() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let count = 1 + generator.below(generator.below(10) == 0 ? 600 : 60)
            let spread = [0.1, 1, 5, 30, 80][generator.below(5)]
            // Coarse steps make ties.
            let steps = [3.0, 20, 1e6][generator.below(3)]
            var weights = (0..<count).map { _ -> Float in
                if generator.below(20) == 0 { return 0 }
                return Float(pow2(-(generator.unit() * steps).rounded(.down) / steps * spread))
            }
            weights[generator.below(count)] = 1
            let minP = generator.below(3) > 0 ? 0 : weights[generator.below(count)]
            let topK = generator.below(2) == 0 ? nil : 1 + generator.below(count + 3)
            let topP = generator.below(3) == 0 ? 1 : Float(max(generator.unit(), 1e-9))
            check(weights, minP: minP, topK: topK, topP: topP)
        }
    }

    @Test("Random weights of a whole vocabulary")
    func large() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<40 {
            var weights = (0..<20_000).map { _ in Float(pow2(-abs(generator.normal()) * 12)) }
            weights[generator.below(weights.count)] = 1
            for topP in Self.topPs { check(weights, minP: 0, topK: nil, topP: topP) }
            check(weights, minP: 0, topK: 40, topP: 0.95)
            check(weights, minP: 0.05, topK: nil, topP: 0.95)
        }
    }

    /// 2^x from the four basic operations' own precision: what matters is only that the weights spread.
    private func pow2(_ x: Double) -> Double {
        let whole = x.rounded(.down)
        return Double(sign: .plus, exponent: Int(whole), significand: 1 + (x - whole))
    }
}
