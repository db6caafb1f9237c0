import CPinionKernels
import Testing

@Suite("Attention over the block cache")
struct AttentionTests {
    typealias Element = AttentionCase.Element

    static let dimensions = [16, 24, 40, 64, 80, 128]
    /// Of the largest value (3): rounding of the scores, which e^x turns into a relative error, and of the sums. Bytes and
    /// scales are taken as exact here.
    static let bound = 3e-5
    static let longest = 70

    @Test(
        "Every length equals softmax attention in doubles, and the portable bits", arguments: Element.allCases,
        dimensions)
    func lengths(_ element: Element, _ dimension: Int) {
        let sample = AttentionCase(
            element, dimension: dimension, heads: 3, capacity: Self.longest, spread: 2, seed: UInt64(dimension))
        for length in 1...Self.longest { check(sample, length) }
    }

    @Test("One to nine heads share the cache, in one pass or several", arguments: dimensions, Array(1...9))
    func heads(_ dimension: Int, _ heads: Int) {
        for element in Element.allCases {
            let sample = AttentionCase(
                element, dimension: dimension, heads: heads, capacity: Self.longest, spread: 2,
                seed: UInt64(100 + heads))
            for length in [1, 2, 15, 16, 17, 31, 32, 33, 50, Self.longest] { check(sample, length) }
        }
    }

    @Test(
        "A head gives the same bits whatever heads stand beside it", arguments: Variant.all, Element.allCases)
    func neighbours(_ variant: Variant, _ element: Element) {
        let all = AttentionCase(element, dimension: 40, heads: 9, capacity: 70, spread: 2, seed: 8)
        let together = all.run(variant, length: 61)
        for head in 0..<9 {
            var alone = AttentionCase(element, dimension: 40, heads: 1, capacity: 70, spread: 2, seed: 8)
            alone.queries = Array(all.queries[head * 40..<(head + 1) * 40])
            (alone.cache, alone.table) = (all.cache, all.table)
            #expect(Array(alone.run(variant, length: 61)[..<40]) == Array(together[head * 40..<(head + 1) * 40]))
        }
    }

    @Test(
        "A token gives the same bits alone and among its sequence's next tokens", arguments: Variant.all, [1, 3, 4, 7])
    func rows(_ variant: Variant, _ heads: Int) {
        for element in Element.allCases {
            let all = AttentionCase(element, dimension: 24, heads: heads, rows: 19, capacity: 300, spread: 2, seed: 14)
            for length in [1, 9, 110, 125, 250] { compareRows(all, variant, length) }
        }
    }

    /// Compares the results of each token beside others with its results alone, when everything behind it is NaN.
    private func compareRows(_ all: AttentionCase, _ variant: Variant, _ length: Int) {
        let size = all.heads * all.dimension
        let together = all.run(variant, length: length)
        for row in 0..<all.rows {
            let alone = all.alone(row: row).poisoned(beyond: length + row)
            let found = alone.run(variant, length: length + row)[..<size]
            #expect(
                found.elementsEqual(together[row * size..<(row + 1) * size]),
                "\(all.element), length \(length), row \(row)")
        }
    }

    @Test("NaN in a token's scales reaches that token and none before it", arguments: Variant.all, [24, 64])
    func laterScales(_ variant: Variant, _ dimension: Int) {
        let rows = 7
        let size = 3 * dimension
        let clean = AttentionCase(.q8, dimension: dimension, heads: 3, rows: rows, capacity: 300, spread: 2, seed: 16)
        for (length, sound) in [(1, 3), (12, 5), (126, 1), (250, 6)] {
            let expected = clean.run(variant, length: length)
            let found = clean.poisoned(beyond: length + sound - 1).run(variant, length: length)
            #expect(found[..<(sound * size)].elementsEqual(expected[..<(sound * size)]), "length \(length)")
            #expect(found[(sound * size)..<(rows * size)].allSatisfy { $0.isNaN }, "length \(length)")
        }
    }

    @Test(
        "Several tokens equal softmax attention in doubles, over several chunks of keys", arguments: Element.allCases,
        dimensions)
    func chunks(_ element: Element, _ dimension: Int) {
        let sample = AttentionCase(
            element, dimension: dimension, heads: 3, rows: 9, capacity: 420, spread: 2, seed: 15)
        for length in [1, 60, 120, 127, 128, 129, 256, 400] { check(sample, length) }
    }

    @Test("What lies beyond the sequence's length does not matter, not even NaN", arguments: Variant.all, dimensions)
    func garbage(_ variant: Variant, _ dimension: Int) {
        for element in Element.allCases {
            let sample = AttentionCase(element, dimension: dimension, heads: 5, capacity: 48, spread: 2, seed: 9)
            for length in [1, 7, 16, 17, 33, 47] {
                let (clean, dirty) = (sample.run(variant, length: length), sample.poisoned(beyond: length))
                #expect(
                    dirty.run(variant, length: length).bitPatterns == clean.bitPatterns,
                    "\(element), length \(length)")
            }
        }
    }

    @Test("Scores hundreds apart keep the softmax finite and right", arguments: Variant.all, Element.allCases)
    func steepScores(_ variant: Variant, _ element: Element) {
        for (seed, spread) in [(10, 30), (11, 100), (12, 1000)] as [(UInt64, Float)] {
            let sample = AttentionCase(element, dimension: 64, heads: 4, capacity: 70, spread: spread, seed: seed)
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

    @Test("A single token's attention is that token's value", arguments: Variant.all, Element.allCases)
    func single(_ variant: Variant, _ element: Element) {
        let sample = AttentionCase(element, dimension: 24, heads: 2, capacity: 16, spread: 5, seed: 13)
        let value = (0..<24).map { Float(sample.value(0, $0)) }
        #expect(Array(sample.run(variant, length: 1)[..<48]) == value + value)
    }

    /// Windows shorter than a block, than a chunk of keys, and longer than both; with and without a soft cap.
    static let windows: [(window: Int, softCap: Float)] = [
        (1, 0), (5, 0), (16, 0), (100, 0), (128, 0), (200, 0), (300, 0), (0, 3), (50, 3), (140, 1.5),
    ]

    @Test(
        "A window and a soft cap equal softmax attention in doubles, and the portable bits",
        arguments: Element.allCases,
        windows)
    func limited(_ element: Element, _ limits: (window: Int, softCap: Float)) {
        for (heads, rows) in [(1, 1), (3, 5), (4, 19)] {
            var sample = AttentionCase(
                element, dimension: 40, heads: heads, rows: rows, capacity: 440, spread: 2, seed: 15)
            (sample.window, sample.softCap) = limits
            for length in [1, 4, 17, 127, 128, 129, 256, 257, 400] { check(sample, length) }
        }
    }

    @Test(
        "With a window a token gives the same bits alone and beside tokens whose window begins in another chunk",
        arguments: Variant.all, windows)
    func windowedRows(_ variant: Variant, _ limits: (window: Int, softCap: Float)) {
        for element in Element.allCases {
            var all = AttentionCase(element, dimension: 24, heads: 3, rows: 19, capacity: 440, spread: 2, seed: 16)
            (all.window, all.softCap) = limits
            for length in [1, 120, 225, 250, 300, 400] { compareRows(all, variant, length) }
        }
    }

    /// In units of the scores' deviation: far above, about as high, and far below.
    static let sinks: [Float] = [40, 3, 0, -3, -40]

    @Test(
        "Sinks equal softmax attention in doubles with a score more, and the portable bits",
        arguments: Element.allCases, [(0, 0), (1, 0), (50, 0), (200, 0), (50, 3)] as [(window: Int, softCap: Float)])
    func sinks(_ element: Element, _ limits: (window: Int, softCap: Float)) {
        for (heads, rows) in [(1, 1), (5, 1), (5, 3), (3, 19)] {
            var sample = AttentionCase(
                element, dimension: 40, heads: heads, rows: rows, capacity: 440, spread: 2, seed: 19)
            (sample.window, sample.softCap) = limits
            sample.sinks = (0..<heads).map { Self.sinks[$0 % Self.sinks.count] }
            for length in [1, 2, 17, 127, 128, 129, 256, 300, 400] { check(sample, length) }
        }
    }

    @Test("With sinks a token gives the same bits alone and among others", arguments: Variant.all, [0, 50, 140])
    func sinkRows(_ variant: Variant, _ window: Int) {
        for element in Element.allCases {
            var all = AttentionCase(element, dimension: 24, heads: 3, rows: 19, capacity: 440, spread: 2, seed: 20)
            (all.window, all.sinks) = (window, [1, -2, 5])
            for length in [1, 120, 250, 400] { compareRows(all, variant, length) }
        }
    }

    @Test("A sink far below all scores changes no bit, one far above takes all", arguments: Variant.all, [0, 50])
    func extremeSinks(_ variant: Variant, _ window: Int) {
        let largest = Float.greatestFiniteMagnitude
        for element in Element.allCases {
            var sample = AttentionCase(element, dimension: 40, heads: 2, rows: 3, capacity: 300, spread: 30, seed: 21)
            sample.window = window
            for length in [1, 130, 290] {
                sample.sinks = []
                let plain = sample.run(variant, length: length)
                for low in [-1e4, -1e30, -largest, -.infinity] as [Float] {
                    sample.sinks = [low, low]
                    #expect(sample.run(variant, length: length).bitPatterns == plain.bitPatterns, "\(low)")
                }
                for high in [1e4, 1e30, largest] as [Float] {
                    sample.sinks = [high, high]
                    #expect(sample.run(variant, length: length)[..<240].allSatisfy { $0 == 0 }, "\(high)")
                }
            }
        }
    }

    @Test("A window that holds all tokens changes no bit", arguments: Variant.all, Element.allCases)
    func wideWindow(_ variant: Variant, _ element: Element) {
        var sample = AttentionCase(element, dimension: 40, heads: 5, rows: 3, capacity: 300, spread: 2, seed: 17)
        let plain = sample.run(variant, length: 290)
        sample.window = 1000
        #expect(sample.run(variant, length: 290).bitPatterns == plain.bitPatterns)
    }

    @Test("A query that is no number stays none under a soft cap", arguments: Variant.all, Element.allCases)
    func cappedNaN(_ variant: Variant, _ element: Element) {
        var sample = AttentionCase(element, dimension: 24, heads: 2, capacity: 40, spread: 2, seed: 18)
        sample.softCap = 5
        sample.queries[3] = .nan
        let out = sample.run(variant, length: 37)
        #expect(out[..<24].allSatisfy(\.isNaN) && out[24..<48].allSatisfy(\.isFinite))
    }

    private func check(_ sample: AttentionCase, _ length: Int) {
        let portable = sample.run(.portable, length: length)
        let count = sample.rows * sample.heads * sample.dimension
        let worst = zip(portable[..<count], sample.reference(length: length)).map { abs(Double($0) - $1) }.max() ?? 1
        #expect(worst <= Self.bound, "\(sample.element), length \(length): off by \(worst)")
        #expect(portable[count...].allSatisfy { $0 == 7 }, "nothing is written beyond the heads")
        for variant in Variant.all {
            #expect(
                sample.run(variant, length: length).bitPatterns == portable.bitPatterns,
                "\(variant.name), \(sample.element), length \(length)")
        }
    }
}
