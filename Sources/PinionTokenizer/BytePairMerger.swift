/// The merge rules of a byte-level BPE vocabulary, looked up by the ids of two neighbours.
struct MergeTable: Sendable {
    /// A rule's rank is its place in the list; the least goes first.
    static let noRank = UInt32.max

    private let table: IntegerTable
    /// The token of each single byte, or -1 if the vocabulary has none.
    let byteTokens: [Int32]

    init(rules: [UInt64: UInt64], byteTokens: [Int32]) {
        table = IntegerTable(rules)
        self.byteTokens = byteTokens
    }

    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    static func value(rank: UInt32, result: Int32) -> UInt64 {
        UInt64(rank) << 32 | UInt64(UInt32(bitPattern: result))
    }

    /// The rank and result of merging two tokens, rank in the upper half; `noRank` there if no rule applies.
    @inline(__always)
    func rule(_ left: Int32, _ right: Int32) -> UInt64 {
        table[Self.key(left, right)] ?? UInt64(Self.noRank) << 32
    }
}

/// Applies byte-pair merges to one piece of text at a time, keeping its scratch memory between pieces.
///
/// The rule of least rank goes first, the leftmost of equals before the others. Short pieces scan for it; long ones keep
/// a heap, so that a piece of n bytes takes O(n log n).
struct BytePairMerger {
    /// Longest piece, in bytes, for which scanning beats the heap.
    private static let scannedLength = 48

    private let merges: MergeTable
    private var symbols: [Int32] = []
    /// For each symbol, the rule that joins it with the next: rank in the upper half, result in the lower.
    private var rules: [UInt64] = []
    /// The living neighbours of each symbol while the heap is in use; -1 and the count stand for none.
    private var next: [Int] = []
    private var previous: [Int] = []
    private var heap = RankHeap()

    init(_ merges: MergeTable) {
        self.merges = merges
    }

    /// Appends the tokens of a piece; bytes the vocabulary has no token for are left out.
    ///
    /// Work on a long piece is counted here, beside the bytes that the caller counts: a single word may be megabytes.
    ///
    /// - Throws: What `meter` ends the work with.
    mutating func append(
        _ piece: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32], meter: EncodingMeter
    ) throws(TokenizerError) {
        symbols.removeAll(keepingCapacity: true)
        for byte in piece {
            let token = merges.byteTokens[Int(byte)]
            if token >= 0 { symbols.append(token) }
        }
        guard symbols.count > 1 else {
            tokens += symbols
            return
        }
        rules.removeAll(keepingCapacity: true)
        for index in 0..<symbols.count - 1 {
            rules.append(merges.rule(symbols[index], symbols[index + 1]))
            if index % EncodingMeter.stride == EncodingMeter.stride - 1 { try meter.count(EncodingMeter.stride) }
        }
        rules.append(UInt64(MergeTable.noRank) << 32)
        if symbols.count <= Self.scannedLength {
            mergeByScanning()
            tokens += symbols
        } else {
            try mergeByHeap(into: &tokens, meter: meter)
        }
    }

    private mutating func mergeByScanning() {
        while true {
            var best = 0
            var bestRule = UInt64(MergeTable.noRank) << 32
            for index in 0..<rules.count where rules[index] >> 32 < bestRule >> 32 {
                best = index
                bestRule = rules[index]
            }
            if bestRule >> 32 == UInt64(MergeTable.noRank) { return }
            symbols[best] = Int32(truncatingIfNeeded: bestRule)
            symbols.remove(at: best + 1)
            rules.remove(at: best + 1)
            if best + 1 < symbols.count {
                rules[best] = merges.rule(symbols[best], symbols[best + 1])
            } else {
                rules[best] = UInt64(MergeTable.noRank) << 32
            }
            if best > 0 { rules[best - 1] = merges.rule(symbols[best - 1], symbols[best]) }
        }
    }

    private mutating func mergeByHeap(into tokens: inout [Int32], meter: EncodingMeter) throws(TokenizerError) {
        let count = symbols.count
        next = Array(1...count)
        previous = Array(-1..<count - 1)
        heap.removeAll()
        for index in 0..<count {
            push(index)
            if index % EncodingMeter.stride == EncodingMeter.stride - 1 { try meter.count(EncodingMeter.stride) }
        }
        var popped = 0
        while let (rank, index) = heap.popLeast() {
            popped += 1
            if popped % EncodingMeter.stride == 0 { try meter.count(EncodingMeter.stride) }
            // A stale entry: the pair it was pushed for is no more.
            guard UInt32(truncatingIfNeeded: rules[index] >> 32) == rank else { continue }
            let absorbed = next[index]
            symbols[index] = Int32(truncatingIfNeeded: rules[index])
            rules[absorbed] = UInt64(MergeTable.noRank) << 32
            next[index] = next[absorbed]
            if next[index] < count {
                previous[next[index]] = index
                rules[index] = merges.rule(symbols[index], symbols[next[index]])
                push(index)
            } else {
                rules[index] = UInt64(MergeTable.noRank) << 32
            }
            if previous[index] >= 0 {
                rules[previous[index]] = merges.rule(symbols[previous[index]], symbols[index])
                push(previous[index])
            }
        }
        var index = 0
        while index < count {
            tokens.append(symbols[index])
            index = next[index]
        }
    }

    private mutating func push(_ index: Int) {
        let rank = UInt32(truncatingIfNeeded: rules[index] >> 32)
        if rank != MergeTable.noRank { heap.push(rank: rank, index: index) }
    }
}

/// A heap of (rank, index) pairs packed into single words; the least rank, then the least index, comes first.
private struct RankHeap {
    /// Rank in the upper half, index in the lower: no piece is longer than ``Tokenizer/maximumPieceLength``.
    private var items: [UInt64] = []
    /// Four children a node touch fewer cache lines than two.
    private static let arity = 4

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
    }

    mutating func push(rank: UInt32, index: Int) {
        let item = UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
        var hole = items.count
        items.append(item)
        while hole > 0 {
            let parent = (hole - 1) / Self.arity
            guard item < items[parent] else { break }
            items[hole] = items[parent]
            hole = parent
        }
        items[hole] = item
    }

    mutating func popLeast() -> (rank: UInt32, index: Int)? {
        guard let least = items.first, let item = items.popLast() else { return nil }
        if !items.isEmpty { sink(item) }
        return (UInt32(truncatingIfNeeded: least >> 32), Int(UInt32(truncatingIfNeeded: least)))
    }

    /// Puts an item in the place of the least and restores the order.
    private mutating func sink(_ item: UInt64) {
        items.withUnsafeMutableBufferPointer { items in
            var hole = 0
            while true {
                let firstChild = Self.arity &* hole &+ 1
                guard firstChild < items.count else { break }
                var child = firstChild
                var candidate = firstChild &+ 1
                while candidate < min(firstChild &+ Self.arity, items.count) {
                    if items[candidate] < items[child] { child = candidate }
                    candidate &+= 1
                }
                guard items[child] < item else { break }
                items[hole] = items[child]
                hole = child
            }
            items[hole] = item
        }
    }
}
