import Foundation
import PinionTensor
import Testing
import TestSupport

@Suite("The KV cache")
struct KVCacheTests {
    /// What keeping keys and values costs an output, which is a mean of values up to 3: halves have 11 bits, bytes a step of
    /// 3 / 127 at most; the keys' part of it moves the weights. Floats cost nothing, and what is left is the kernel's
    /// rounding.
    static func bound(_ type: KVCache.ElementType) -> Double {
        switch type {
        case .f32: 3e-6
        case .f16: 3e-3
        case .q8: 2.4e-2
        }
    }
    static let shape = KVCache.Shape(layers: 2, heads: 3, headDimension: 24)

    /// What is stored for a position, distinct for every layer, head and element.
    private static func vector(_ layer: Int, _ position: Int, _ salt: UInt64) -> [Float] {
        var random = SeededGenerator(seed: UInt64(layer * 1000 + position) * 10 + salt)
        return random.floats(shape.heads * shape.headDimension)
    }

    private static func fill(_ cache: KVCache, table: [Int32], positions: Range<Int>, _ kernels: Kernels) {
        for layer in 0..<shape.layers {
            for position in positions {
                cache.store(
                    layer: layer, block: Int(table[position / 16]), slot: position % 16,
                    key: vector(layer, position, 1), value: vector(layer, position, 2), with: kernels)
            }
        }
    }

    private static func attend(
        _ cache: KVCache, _ layer: Int, _ head: Int, _ queries: [Float], table: [Int32], length: Int, _ kernels: Kernels
    ) -> [Float] {
        var out = [Float](repeating: .nan, count: queries.count)
        cache.attend(
            layer: layer, head: head, queries: queries, queryStride: queries.count, tokens: 1,
            queryHeads: queries.count / shape.headDimension, table: table, length: length, scale: 0.2, out: &out,
            outStride: queries.count, with: kernels)
        return out
    }

    private static func reference(_ layer: Int, _ head: Int, _ queries: [Float], length: Int) -> [Double] {
        let dimension = shape.headDimension
        let keys = (0..<length).map { vector(layer, $0, 1)[head * dimension..<(head + 1) * dimension].map(Double.init) }
        let values = (0..<length).map {
            vector(layer, $0, 2)[head * dimension..<(head + 1) * dimension].map(Double.init)
        }
        return stride(from: 0, to: queries.count, by: dimension).flatMap { first in
            let weights = keys.map { key in
                exp(0.2 * (0..<dimension).reduce(0) { $0 + Double(queries[first + $1]) * key[$1] })
            }
            let total = weights.reduce(0, +)
            return (0..<dimension).map { d in (0..<length).reduce(0) { $0 + weights[$1] / total * values[$1][d] } }
        }
    }

    @Test(
        "Attention finds what was stored, in every layer and head, through a shuffled table",
        arguments: KVCache.ElementType.allCases)
    func attention(_ type: KVCache.ElementType) throws {
        var random = SeededGenerator(seed: 50)
        let queries = random.floats(2 * Self.shape.headDimension)
        let table: [Int32] = [5, 0, 3, 1]
        for kernels in Kernels.available {
            let cache = try KVCache(shape: Self.shape, elementType: type, blocks: 6)
            Self.fill(cache, table: table, positions: 0..<50, kernels)
            for (layer, head) in [(0, 0), (0, 2), (1, 1), (1, 2)] {
                for length in [1, 16, 17, 50] {
                    let found = Self.attend(cache, layer, head, queries, table: table, length: length, kernels)
                    let expected = Self.reference(layer, head, queries, length: length)
                    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 1
                    #expect(worst < Self.bound(type), "layer \(layer), head \(head), length \(length): off by \(worst)")
                }
            }
        }
    }

    @Test(
        "Two sequences that share a block read the same, and other blocks do not reach them",
        arguments: KVCache.ElementType.allCases)
    func sharing(_ type: KVCache.ElementType) throws {
        var random = SeededGenerator(seed: 51)
        let queries = random.floats(Self.shape.headDimension)
        let kernels = try Kernels.forThisMachine()
        let cache = try KVCache(shape: Self.shape, elementType: type, blocks: 5)
        let (first, second): ([Int32], [Int32]) = ([2, 4], [2, 1])
        Self.fill(cache, table: first, positions: 0..<20, kernels)
        let before = Self.attend(cache, 1, 1, queries, table: first, length: 20, kernels)
        Self.fill(cache, table: second, positions: 16..<32, kernels)
        #expect(Self.attend(cache, 1, 1, queries, table: first, length: 20, kernels) == before)
        #expect(Self.attend(cache, 1, 1, queries, table: second, length: 20, kernels) == before)
    }

    @Test(
        "A copied block reads as its original in every layer and head, and goes its own way",
        arguments: KVCache.ElementType.allCases)
    func copy(_ type: KVCache.ElementType) throws {
        var random = SeededGenerator(seed: 53)
        let queries = random.floats(Self.shape.headDimension)
        let kernels = try Kernels.forThisMachine()
        let cache = try KVCache(shape: Self.shape, elementType: type, blocks: 5)
        let (original, copied): ([Int32], [Int32]) = ([2, 4], [2, 1])
        Self.fill(cache, table: original, positions: 0..<25, kernels)
        func everything(_ table: [Int32], length: Int) -> [[Float]] {
            (0..<Self.shape.layers).flatMap { layer in
                (0..<Self.shape.heads).map {
                    Self.attend(cache, layer, $0, queries, table: table, length: length, kernels)
                }
            }
        }
        let before = everything(original, length: 25)
        cache.copyBlock(from: 4, to: 1)
        #expect(everything(copied, length: 25) == before)

        // A last token of another text, in the copy alone.
        for layer in 0..<Self.shape.layers {
            cache.store(
                layer: layer, block: 1, slot: 8, key: Self.vector(layer, 99, 1), value: Self.vector(layer, 99, 2),
                with: kernels)
        }
        #expect(everything(original, length: 25) == before)
        #expect(everything(copied, length: 24) == everything(original, length: 24))
        #expect(zip(everything(copied, length: 25), before).allSatisfy { $0 != $1 })
    }

    @Test(
        "Numbers beyond the range stay finite, and NaN stays in its sequence", arguments: KVCache.ElementType.allCases)
    func extremes(_ type: KVCache.ElementType) throws {
        let kernels = try Kernels.forThisMachine()
        let width = Self.shape.heads * Self.shape.headDimension
        let queries = [Float](repeating: 1, count: Self.shape.headDimension)
        let cache = try KVCache(shape: Self.shape, elementType: type, blocks: 3)
        let (sound, broken): ([Int32], [Int32]) = ([0], [1])
        let huge = (0..<width).map { $0 % 2 == 0 ? Float.infinity : -.greatestFiniteMagnitude }
        Self.fill(cache, table: sound, positions: 0..<9, kernels)
        cache.store(layer: 0, block: 0, slot: 9, key: huge, value: huge, with: kernels)
        let before = Self.attend(cache, 0, 1, queries, table: sound, length: 10, kernels)
        #expect(before.allSatisfy { $0.isFinite })

        let none = [Float](repeating: .nan, count: width)
        cache.store(layer: 0, block: 1, slot: 0, key: none, value: none, with: kernels)
        #expect(Self.attend(cache, 0, 1, queries, table: broken, length: 1, kernels).allSatisfy { $0.isNaN })
        #expect(Self.attend(cache, 0, 1, queries, table: sound, length: 10, kernels) == before)
        // Its block, used again, shows nothing of it.
        Self.fill(cache, table: broken, positions: 0..<1, kernels)
        #expect(Self.attend(cache, 0, 1, queries, table: broken, length: 1, kernels).allSatisfy { $0.isFinite })
    }

    @Test("Floats come back bit for bit, the subnormal and the very large ones too")
    func exactFloats() throws {
        let kernels = try Kernels.forThisMachine()
        let width = Self.shape.heads * Self.shape.headDimension
        let cache = try KVCache(shape: Self.shape, elementType: .f32, blocks: 2)
        var random = SeededGenerator(seed: 54)
        let key = random.floats(width)
        let value = random.floats(width).enumerated().map { index, number in
            number * Float(sign: .plus, exponent: index * 3 - 140, significand: 1)
        }
        cache.store(layer: 1, block: 1, slot: 0, key: key, value: value, with: kernels)
        let queries = random.floats(Self.shape.headDimension)
        // A single token has all of the weight, which is 1.
        let found = (0..<Self.shape.heads).flatMap {
            Self.attend(cache, 1, $0, queries, table: [1], length: 1, kernels)
        }
        #expect(found == value)
    }

    @Test("A block takes the bytes that its shape says, values padded to 16 columns and a scale for each 32")
    func size() {
        let wide = KVCache.Shape(layers: 30, heads: 3, headDimension: 64)
        #expect(Self.shape.blockBytes(.f32) == 2 * 3 * (24 + 32) * 16 * 4)
        #expect(Self.shape.blockBytes(.f16) == 2 * 3 * (24 + 32) * 16 * 2)
        #expect(wide.blockBytes(.f16) == 30 * 3 * 128 * 16 * 2)
        #expect(Self.shape.blockBytes(.q8) == 2 * 3 * (24 + 32 + 2 * 2) * 16)
        #expect(
            wide.blockBytes(.q8) == wide.blockBytes(.f16) / 2 + 30 * 3 * (2 + 2) * 16 * 2)
    }

    @Test("A cache beyond all memory is an error, not a trap", arguments: [1 << 40, 1 << 60, Int.max])
    func tooLarge(_ blocks: Int) {
        let error = #expect(throws: TensorError.self) {
            _ = try KVCache(shape: Self.shape, elementType: .f16, blocks: blocks)
        }
        #expect(error?.code == .outOfMemory)
    }
}

@Suite("Rotary position embedding")
struct RotaryEmbeddingTests {
    /// Single-precision cosines and sines of double-precision angles.
    static let bound = 1e-6

    @Test("Pairs turn by their angle and other elements stay", arguments: [RotaryEmbedding.Pairing.adjacent, .halves])
    func rotation(_ pairing: RotaryEmbedding.Pairing) throws {
        var random = SeededGenerator(seed: 52)
        let (heads, dimension, rotary) = (3, 20, 16)
        let divisors = (0..<8).map { Float($0 + 1) }
        let frequencies = (0..<8).map { 0.5 * pow(10_000, -2 * Double($0) / Double(rotary)) / Double(divisors[$0]) }
        let rope = try RotaryEmbedding(pairing: pairing, frequencies: frequencies, capacity: 3)
        for (token, position) in [(0, 0), (1, 1), (2, 100_000)] {
            let x = random.floats(heads * dimension)
            var out = x
            rope.prepare(token: token, position: position)
            let results = Kernels.available.map { kernels in
                var turned = x
                rope.angles.apply(token: token, heads: heads, headDimension: dimension, &turned, with: kernels)
                return turned
            }
            #expect(results.allSatisfy { $0 == results[0] }, "the variants differ")
            out = results[0]
            for head in 0..<heads {
                for pair in 0..<rotary / 2 {
                    let (i, j) = pairing == .adjacent ? (2 * pair, 2 * pair + 1) : (pair, pair + rotary / 2)
                    let angle = Double(position) * 0.5 * pow(10_000, -Double(pair) / 8) / Double(pair + 1)
                    let (a, b) = (Double(x[head * dimension + i]), Double(x[head * dimension + j]))
                    let turned = (a * cos(angle) - b * sin(angle), a * sin(angle) + b * cos(angle))
                    #expect(abs(Double(out[head * dimension + i]) - turned.0) <= Self.bound)
                    #expect(abs(Double(out[head * dimension + j]) - turned.1) <= Self.bound)
                }
                let rest = head * dimension + rotary..<(head + 1) * dimension
                #expect(out[rest] == x[rest])
            }
        }
    }
}
