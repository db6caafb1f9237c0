import CPinionKernels
import Foundation
import TestSupport

/// A cache in the kernel's layout, with one sequence spread over its blocks.
struct AttentionCase {
    enum Element: CaseIterable, Sendable { case f32, f16, q8 }

    static let tokens = Int(PN_CACHE_BLOCK_TOKENS)
    /// A half that is no number; two of them are a float that is none.
    private static let notANumber: UInt16 = 0x7fc1
    private static let group = Int(PN_BLOCK_COLUMNS)

    let element: Element
    let dimension: Int
    let heads: Int
    /// Consecutive tokens; each attends to one more than the one before.
    var rows: Int
    /// [rows, heads, dimension]
    var queries: [Float]
    /// For each block keys `[dimension][16]`, their scales `[groups][16]`, values `[16][padded dimension]`, their scales
    /// `[groups][16]`, then a gap; scales with bytes only.
    var cache: [UInt8]
    var table: [Int32]
    let scale: Float
    /// Tokens that a query sees at most; 0 for all.
    var window = 0
    /// 0 leaves the scores.
    var softCap: Float = 0
    /// [heads]; empty for none.
    var sinks: [Float] = []

    var padded: Int { (dimension + 15) / 16 * 16 }
    private var size: Int {
        switch element {
        case .f32: 4
        case .f16: 2
        case .q8: 1
        }
    }
    private var groups: Int { element == .q8 ? (dimension + Self.group - 1) / Self.group : 0 }
    // Bytes from the start of a block.
    private var keyScales: Int { dimension * Self.tokens * size }
    private var values: Int { keyScales + groups * Self.tokens * 2 }
    private var valueScales: Int { values + padded * Self.tokens * size }
    /// Not a multiple of anything but 2, or 4 with floats, so that nothing relies on aligned blocks.
    private var stride: Int { valueScales + groups * Self.tokens * 2 + (element == .f32 ? 4 : 6) }

    /// - Parameter spread: Standard deviation of the scores, about.
    init(
        _ element: Element, dimension: Int, heads: Int, rows: Int = 1, capacity: Int, spread: Float, seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        self.element = element
        self.dimension = dimension
        self.heads = heads
        self.rows = rows
        queries = random.floats(rows * heads * dimension, times: spread)
        table = (0..<Int32((capacity + 15) / 16)).shuffled(using: &random)
        scale = 1 / Float(dimension).squareRoot()
        cache = []
        switch element {
        case .f32:
            let floats = random.floats(table.count * stride / 4)
            cache = floats.withUnsafeBytes { Array($0) }
        case .f16:
            let halves = random.floats(table.count * stride / 2).map(ReferenceHalf.nearest)
            cache = halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        case .q8:
            cache = random.bytes(table.count * stride)
            for token in 0..<table.count * Self.tokens {
                for index in scaleIndices(token) {
                    setHalf(index, ReferenceHalf.nearest(Float.random(in: 0.5...3, using: &random) / 128))
                }
            }
        }
    }

    /// The first byte of a token's part of its block, of something that starts `offset` bytes into it.
    private func index(_ token: Int, _ offset: Int) -> Int { Int(table[token / Self.tokens]) * stride + offset }
    private func keyIndex(_ token: Int, _ d: Int) -> Int {
        index(token, (d * Self.tokens + token % Self.tokens) * size)
    }
    private func valueIndex(_ token: Int, _ d: Int) -> Int {
        index(token, values + (token % Self.tokens * padded + d) * size)
    }
    private func scaleIndices(_ token: Int) -> [Int] {
        [keyScales, valueScales].flatMap { start in
            (0..<groups).map { index(token, start + ($0 * Self.tokens + token % Self.tokens) * 2) }
        }
    }

    private func half(_ index: Int) -> UInt16 { UInt16(cache[index]) | UInt16(cache[index + 1]) << 8 }
    private mutating func setHalf(_ index: Int, _ bits: UInt16) {
        cache[index] = UInt8(truncatingIfNeeded: bits)
        cache[index + 1] = UInt8(bits >> 8)
    }

    private func number(_ index: Int, _ token: Int, _ d: Int, scales: Int) -> Double {
        switch element {
        case .f32: return Double(Float(bitPattern: UInt32(half(index)) | UInt32(half(index + 2)) << 16))
        case .f16: return ReferenceHalf.value(half(index))
        case .q8: break
        }
        let scale = self.index(token, scales + (d / Self.group * Self.tokens + token % Self.tokens) * 2)
        return Double(Int8(bitPattern: cache[index])) * ReferenceHalf.value(half(scale))
    }
    func key(_ token: Int, _ d: Int) -> Double { number(keyIndex(token, d), token, d, scales: keyScales) }
    func value(_ token: Int, _ d: Int) -> Double { number(valueIndex(token, d), token, d, scales: valueScales) }

    /// One token's queries over the same cache.
    func alone(row: Int) -> AttentionCase {
        var copy = self
        copy.rows = 1
        copy.queries = Array(queries[row * heads * dimension..<(row + 1) * heads * dimension])
        return copy
    }

    /// The same with everything that a sequence of `length` tokens does not own set to NaN, or bytes with such scales.
    func poisoned(beyond length: Int) -> AttentionCase {
        var copy = self
        for index in Swift.stride(from: 0, to: cache.count, by: 2) { copy.setHalf(index, Self.notANumber) }
        let bytes = size
        for token in 0..<length {
            for d in 0..<dimension {
                let (key, value) = (keyIndex(token, d), valueIndex(token, d))
                for byte in 0..<bytes {
                    copy.cache[key + byte] = cache[key + byte]
                    copy.cache[value + byte] = cache[value + byte]
                }
            }
            for index in scaleIndices(token) { copy.setHalf(index, half(index)) }
        }
        return copy
    }

    /// - Parameter length: Of the first row.
    func run(_ variant: Variant, length: Int) -> [Float] {
        var out = [Float](repeating: 7, count: rows * heads * dimension + 8)
        cache.withUnsafeBufferPointer { cache in
            queries.withUnsafeBufferPointer { queries in
                table.withUnsafeBufferPointer { table in
                    sinks.withUnsafeBufferPointer { sinks in
                        out.withUnsafeMutableBufferPointer { out in
                            guard let start = UnsafeRawPointer(cache.baseAddress) else { return }
                            var arguments = pn_attention(
                                queries: queries.baseAddress, query_stride: heads * dimension, tokens: rows,
                                heads: heads, head_dim: dimension, keys: start, values: start + values,
                                key_scales: (start + keyScales).assumingMemoryBound(to: UInt16.self),
                                value_scales: (start + valueScales).assumingMemoryBound(to: UInt16.self),
                                block_stride: stride, table: table.baseAddress, length: length, scale: scale,
                                window: window, soft_cap: softCap, sinks: sinks.isEmpty ? nil : sinks.baseAddress,
                                out: out.baseAddress, out_stride: heads * dimension)
                            switch element {
                            case .f32: variant.table.attention_f32(&arguments)
                            case .f16: variant.table.attention_f16(&arguments)
                            case .q8: variant.table.attention_q8(&arguments)
                            }
                        }
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
            let first = window > 0 ? max(0, length - window) : 0
            let scores = (first..<length).map { token in
                let score =
                    Double(scale)
                    * (0..<dimension).reduce(0) { sum, d in
                        sum + Double(queries[head * dimension + d]) * key(token, d)
                    }
                return softCap > 0 ? Double(softCap) * tanh(score / Double(softCap)) : score
            }
            let sink = sinks.isEmpty ? nil : Double(sinks[head % heads])
            let highest = max(scores.max() ?? 0, sink ?? -.infinity)
            let weights = scores.map { exp($0 - highest) }
            let total = weights.reduce(0, +) + (sink.map { exp($0 - highest) } ?? 0)
            return (0..<dimension).map { d in
                (first..<length).reduce(0) { sum, token in sum + weights[token - first] / total * value(token, d) }
            }
        }
    }
}
