import Foundation
import PinionTensor

/// A row of logits as unnormalised probabilities, summed chunk by chunk, so that a draw passes over one chunk only.
///
/// The weights take the place of the logits.
struct TokenWeights {
    /// Tokens of one sum.
    private static let chunk = 1024

    /// exp((logit - highest) / temperature)
    let weights: UnsafeMutableBufferPointer<Float>
    let total: Double
    private let sums: [Double]

    /// - Parameters:
    ///   - logits: Overwritten.
    ///   - highest: Of the logits; taken off first, so that a small temperature cannot overflow.
    init(_ logits: UnsafeMutableBufferPointer<Float>, highest: Float, temperature: Float, kernels: Kernels) {
        let inverse = 1 / temperature
        weights = logits
        sums = Self.chunks(logits).map { chunk in
            guard let base = chunk.baseAddress else { return 0 }
            return Double(kernels.expSum(base, count: chunk.count, shift: highest, factor: inverse, out: base))
        }
        total = sums.reduce(0, +)
    }

    /// The token at which the running sum of weights passes `uniform` of the whole; nil if all weigh nothing.
    func pick(_ uniform: Double) -> Int32? {
        var left = uniform * total
        var place = 0
        // The last chunk that weighs anything takes what rounding leaves over.
        guard let last = sums.lastIndex(where: { $0 > 0 }) else { return nil }
        while place < last, left >= sums[place] {
            left -= sums[place]
            place += 1
        }
        let first = place * Self.chunk
        return Self.pick(first..<min(first + Self.chunk, weights.count), target: left) { weights[$0] }
    }

    /// The first id at which the running sum of weights exceeds `target`, or the last that weighs anything.
    static func pick(_ ids: some Collection<Int>, target: Double, weight: (Int) -> Float) -> Int32? {
        var sum = 0.0
        var last: Int?
        for id in ids where weight(id) > 0 {
            sum += Double(weight(id))
            last = id
            if sum > target { break }
        }
        return last.map(Int32.init)
    }

    /// The lowest id among the most likely, with its logit; a logit that is no number is never the most likely.
    static func mostLikely(
        _ logits: UnsafeMutableBufferPointer<Float>, kernels: Kernels
    ) -> (id: Int32, logit: Float) {
        var best = (first: 0, logit: -Float.infinity)
        for (index, chunk) in chunks(logits).enumerated() {
            guard let base = chunk.baseAddress else { continue }
            let highest = kernels.maximum(base, count: chunk.count)
            if highest > best.logit { best = (index * Self.chunk, highest) }
        }
        let id = logits[best.first...].firstIndex { $0 == best.logit } ?? 0
        return (Int32(id), best.logit)
    }

    /// log of the sum of exp(logits), which stay.
    static func logSum(_ logits: UnsafeMutableBufferPointer<Float>, highest: Float, kernels: Kernels) -> Double {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk) { scratch in
            guard let out = scratch.baseAddress else { return 0 }
            let sum = chunks(logits).reduce(0.0) { sum, chunk in
                guard let base = chunk.baseAddress else { return sum }
                return sum + Double(kernels.expSum(base, count: chunk.count, shift: highest, out: out))
            }
            return Double(highest) + log(sum)
        }
    }

    private static func chunks(
        _ logits: UnsafeMutableBufferPointer<Float>
    ) -> some Sequence<UnsafeMutableBufferPointer<Float>> {
        stride(from: 0, to: logits.count, by: chunk).lazy.map {
            UnsafeMutableBufferPointer(rebasing: logits[$0..<min($0 + chunk, logits.count)])
        }
    }
}
