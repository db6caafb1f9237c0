import CPinionKernels
import Foundation
import Testing
import TestSupport

/// A cache of halves in the kernel's layout, with one sequence spread over its blocks.
struct AttentionCase {
    static let tokens = Int(PN_CACHE_BLOCK_TOKENS)

    let dimension: Int
    let heads: Int
    /// Consecutive tokens; each attends to one more than the one before.
    let rows: Int
    /// [rows, heads, dimension]
    var queries: [Float]
    /// Halves: for each block keys `[dimension][16]`, then values `[16][padded dimension]`, then a gap.
    var cache: [UInt16]
    var table: [Int32]
    let scale: Float

    var padded: Int { (dimension + 15) / 16 * 16 }
    /// Not a multiple of anything, so that nothing relies on aligned blocks.
    var stride: Int { (dimension + padded) * Self.tokens + 3 }

    /// - Parameter spread: Standard deviation of the scores, about.
    init(dimension: Int, heads: Int, rows: Int = 1, capacity: Int, spread: Float, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.dimension = dimension
        self.heads = heads
        self.rows = rows
        queries = random.floats(rows * heads * dimension, times: spread)
        table = (0..<Int32((capacity + 15) / 16)).shuffled(using: &random)
        scale = 1 / Float(dimension).squareRoot()
        cache = []
        cache = random.floats(table.count * stride).map(ReferenceHalf.nearest)
    }

    func keyIndex(_ token: Int, _ d: Int) -> Int {
        Int(table[token / Self.tokens]) * stride + d * Self.tokens + token % Self.tokens
    }

    func valueIndex(_ token: Int, _ d: Int) -> Int {
        Int(table[token / Self.tokens]) * stride + dimension * Self.tokens + token % Self.tokens * padded + d
    }

    /// The same with everything that a sequence of `length` tokens does not own set to NaN.
    func poisoned(beyond length: Int) -> AttentionCase {
        var copy = self
        copy.cache = [UInt16](repeating: 0x7e01, count: cache.count)
        for token in 0..<length {
            for d in 0..<dimension {
                copy.cache[keyIndex(token, d)] = cache[keyIndex(token, d)]
                copy.cache[valueIndex(token, d)] = cache[valueIndex(token, d)]
            }
        }
        return copy
    }

    /// - Parameter length: Of the first row.
    func run(_ variant: Variant, length: Int) -> [Float] {
        var out = [Float](repeating: 7, count: rows * heads * dimension + 8)
        cache.withUnsafeBufferPointer { cache in
            queries.withUnsafeBufferPointer { queries in
                table.withUnsafeBufferPointer { table in
                    out.withUnsafeMutableBufferPointer { out in
                        guard let start = cache.baseAddress else { return }
                        var arguments = pn_attention(
                            queries: queries.baseAddress, query_stride: heads * dimension, tokens: rows, heads: heads,
                            head_dim: dimension, keys: start, values: start + dimension * Self.tokens,
                            block_stride: stride, table: table.baseAddress, length: length, scale: scale,
                            out: out.baseAddress, out_stride: heads * dimension)
                        variant.table.attention(&arguments)
                    }
                }
            }
        }
        return out
    }

    /// Softmax attention by its definition, in doubles.
    func reference(length: Int) -> [Double] {
        (0..<rows * heads).flatMap { head in
            let length = length + head / heads
            let scores = (0..<length).map { token in
                Double(scale)
                    * (0..<dimension).reduce(0) { sum, d in
                        sum + Double(queries[head * dimension + d]) * ReferenceHalf.value(cache[keyIndex(token, d)])
                    }
            }
            let highest = scores.max() ?? 0
            let weights = scores.map { exp($0 - highest) }
            let total = weights.reduce(0, +)
            return (0..<dimension).map { d in
                (0..<length).reduce(0) { sum, token in
                    sum + weights[token] / total * ReferenceHalf.value(cache[valueIndex(token, d)])
                }
            }
        }
    }
}

@Suite("Attention over the block cache")
struct AttentionTests {
    static let dimensions = [16, 24, 40, 64, 80, 128]
    /// Of the largest value (3): rounding of the scores, which e^x turns into a relative error, and of the sums.
    static let bound = 3e-5
    static let longest = 70

    @Test("Every length equals softmax attention in doubles, and the portable bits", arguments: dimensions)
    func lengths(_ dimension: Int) {
        let sample = AttentionCase(
            dimension: dimension, heads: 3, capacity: Self.longest, spread: 2, seed: UInt64(dimension))
        for length in 1...Self.longest { check(sample, length) }
    }

    @Test("One to nine heads share the cache, in one pass or several", arguments: dimensions, Array(1...9))
    func heads(_ dimension: Int, _ heads: Int) {
        let sample = AttentionCase(
            dimension: dimension, heads: heads, capacity: Self.longest, spread: 2, seed: UInt64(100 + heads))
        for length in [1, 2, 15, 16, 17, 31, 32, 33, 50, Self.longest] { check(sample, length) }
    }

    @Test("A head gives the same bits whatever heads stand beside it", arguments: Variant.all)
    func neighbours(_ variant: Variant) {
        let all = AttentionCase(dimension: 40, heads: 9, capacity: 70, spread: 2, seed: 8)
        let together = all.run(variant, length: 61)
        for head in 0..<9 {
            var alone = AttentionCase(dimension: 40, heads: 1, capacity: 70, spread: 2, seed: 8)
            alone.queries = Array(all.queries[head * 40..<(head + 1) * 40])
            (alone.cache, alone.table) = (all.cache, all.table)
            #expect(Array(alone.run(variant, length: 61)[..<40]) == Array(together[head * 40..<(head + 1) * 40]))
        }
    }

    @Test(
        "A token gives the same bits alone and among its sequence's next tokens", arguments: Variant.all, [1, 3, 4, 7])
    func rows(_ variant: Variant, _ heads: Int) {
        let size = heads * 24
        let all = AttentionCase(dimension: 24, heads: heads, rows: 19, capacity: 300, spread: 2, seed: 14)
        for length in [1, 9, 110, 125, 250] {
            let together = all.run(variant, length: length)
            for row in 0..<19 {
                var alone = AttentionCase(dimension: 24, heads: heads, capacity: 300, spread: 2, seed: 14)
                alone.queries = Array(all.queries[row * size..<(row + 1) * size])
                (alone.cache, alone.table) = (all.cache, all.table)
                let found = alone.poisoned(beyond: length + row).run(variant, length: length + row)[..<size]
                #expect(found.elementsEqual(together[row * size..<(row + 1) * size]), "length \(length), row \(row)")
            }
        }
    }

    @Test("Several tokens equal softmax attention in doubles, over several chunks of keys", arguments: dimensions)
    func chunks(_ dimension: Int) {
        let sample = AttentionCase(dimension: dimension, heads: 3, rows: 9, capacity: 420, spread: 2, seed: 15)
        for length in [1, 60, 120, 127, 128, 129, 256, 400] { check(sample, length) }
    }

    @Test("What lies beyond the sequence's length does not matter, not even NaN", arguments: Variant.all, dimensions)
    func garbage(_ variant: Variant, _ dimension: Int) {
        let sample = AttentionCase(dimension: dimension, heads: 5, capacity: 48, spread: 2, seed: 9)
        for length in [1, 7, 16, 17, 33, 47] {
            let (clean, dirty) = (sample.run(variant, length: length), sample.poisoned(beyond: length))
            #expect(dirty.run(variant, length: length).bitPatterns == clean.bitPatterns, "length \(length)")
        }
    }

    @Test("Scores hundreds apart keep the softmax finite and right", arguments: Variant.all)
    func steepScores(_ variant: Variant) {
        for (seed, spread) in [(10, 30), (11, 100), (12, 1000)] as [(UInt64, Float)] {
            let sample = AttentionCase(dimension: 64, heads: 4, capacity: 70, spread: spread, seed: seed)
            for length in [1, 20, 70] {
                let found = sample.run(variant, length: length)
                #expect(found.allSatisfy { $0.isFinite })
                #expect(found.bitPatterns == sample.run(.portable, length: length).bitPatterns)
                // A score's rounding error grows with the score.
                let worst = zip(found, sample.reference(length: length)).map { abs(Double($0) - $1) }.max() ?? 1
                #expect(worst <= Self.bound * Double(spread), "spread \(spread), length \(length): off by \(worst)")
            }
        }
    }

    @Test("A single token's attention is that token's value", arguments: Variant.all)
    func single(_ variant: Variant) {
        let sample = AttentionCase(dimension: 24, heads: 2, capacity: 16, spread: 5, seed: 13)
        let value = (0..<24).map { Float(ReferenceHalf.value(sample.cache[sample.valueIndex(0, $0)])) }
        #expect(Array(sample.run(variant, length: 1)[..<48]) == value + value)
    }

    private func check(_ sample: AttentionCase, _ length: Int) {
        let portable = sample.run(.portable, length: length)
        let count = sample.rows * sample.heads * sample.dimension
        let worst = zip(portable[..<count], sample.reference(length: length)).map { abs(Double($0) - $1) }.max() ?? 1
        #expect(worst <= Self.bound, "length \(length): off by \(worst)")
        #expect(portable[count...].allSatisfy { $0 == 7 }, "nothing is written beyond the heads")
        for variant in Variant.all {
            #expect(
                sample.run(variant, length: length).bitPatterns == portable.bitPatterns,
                "\(variant.name), length \(length)")
        }
    }
}
