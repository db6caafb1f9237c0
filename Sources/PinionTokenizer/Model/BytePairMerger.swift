/// Applies byte-pair merges to one piece of text at a time, keeping its scratch memory between pieces.
///
/// The rule of least rank goes first, the leftmost of equals before the others. Short pieces scan for it; long ones keep
/// a heap, so that a piece of n bytes takes O(n log n).
struct BytePairMerger {
    /// Longest piece, in bytes, for which scanning beats the heap.
    private static let scannedLength = 48

    let model: BytePairModel
    private let merges: MergeTable
    private var symbols: [Int32] = []
    /// For each symbol, the rule that joins it with the next: rank in the upper half, result in the lower.
    private var rules: [UInt64] = []
    /// The living neighbours of each symbol while the heap is in use; -1 and the count stand for none.
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var heap = RankHeap()

    init(_ model: BytePairModel) {
        self.model = model
        merges = model.merges
    }

    /// Appends the tokens of a piece; what the vocabulary has no token for is left out.
    ///
    /// Work on a long piece is counted here, beside the bytes that the caller counts: a single word may be megabytes.
    ///
    /// - Throws: What `meter` ends the work with.
    mutating func append(
        _ piece: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32], meter: EncodingMeter
    ) throws(TokenizerError) {
        symbols.removeAll(keepingCapacity: true)
        model.appendSymbols(of: piece, to: &symbols)
        guard symbols.count > 1 else {
            tokens += symbols
            return
        }
        rules.removeAll(keepingCapacity: true)
        for index in 0..<symbols.count - 1 {
            rules.append(merges.rule(symbols[index], symbols[index + 1]))
            if index % EncodingMeter.stride == EncodingMeter.stride - 1 { try meter.count(EncodingMeter.stride) }
        }
        rules.append(MergeTable.noRule)
        if symbols.count <= Self.scannedLength {
            symbols.withUnsafeMutableBufferPointer { symbols in
                let count = rules.withUnsafeMutableBufferPointer { Self.mergeByScanning(symbols, $0, merges) }
                tokens.append(contentsOf: UnsafeBufferPointer(rebasing: symbols[..<count]))
            }
        } else {
            try mergeByHeap(into: &tokens, meter: meter)
        }
    }

    /// Merges in place; what is left are the first of `symbols`, whose number is returned.
    ///
    /// Through pointers, because removing from arrays costs more than the rest of a short word.
    private static func mergeByScanning(
        _ symbols: UnsafeMutableBufferPointer<Int32>, _ rules: UnsafeMutableBufferPointer<UInt64>, _ merges: MergeTable
    ) -> Int {
        var count = symbols.count
        while true {
            var best = 0
            var bestRule = MergeTable.noRule
            for index in 0..<count where rules[index] >> 32 < bestRule >> 32 {
                best = index
                bestRule = rules[index]
            }
            if bestRule >> 32 == UInt64(MergeTable.noRank) { return count }
            symbols[best] = Int32(truncatingIfNeeded: bestRule)
            count -= 1
            for index in best + 1..<max(count, best + 1) {
                symbols[index] = symbols[index + 1]
                rules[index] = rules[index + 1]
            }
            rules[best] = best + 1 < count ? merges.rule(symbols[best], symbols[best + 1]) : MergeTable.noRule
            if best > 0 { rules[best - 1] = merges.rule(symbols[best - 1], symbols[best]) }
        }
    }

    private mutating func mergeByHeap(into tokens: inout [Int32], meter: EncodingMeter) throws(TokenizerError) {
        let count = symbols.count
        next = Array(1...Int32(count))
        previous = Array(-1..<Int32(count) - 1)
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
            let absorbed = Int(next[index])
            symbols[index] = Int32(truncatingIfNeeded: rules[index])
            rules[absorbed] = MergeTable.noRule
            next[index] = next[absorbed]
            let following = Int(next[index])
            if following < count {
                previous[following] = Int32(truncatingIfNeeded: index)
                rules[index] = merges.rule(symbols[index], symbols[following])
                push(index)
            } else {
                rules[index] = MergeTable.noRule
            }
            let preceding = Int(previous[index])
            if preceding >= 0 {
                rules[preceding] = merges.rule(symbols[preceding], symbols[index])
                push(preceding)
            }
        }
        var index = 0
        while index < count {
            tokens.append(symbols[index])
            index = Int(next[index])
        }
    }

    private mutating func push(_ index: Int) {
        let rank = UInt32(truncatingIfNeeded: rules[index] >> 32)
        if rank != MergeTable.noRank { heap.push(rank: rank, index: index) }
    }
}

/// A heap of (rank, index) pairs packed into single words; the least rank, then the least index, comes first.
private struct RankHeap {
    /// Rank in the upper half, index in the lower: no piece is longer than ``PieceEncoder/maximumPieceLength``.
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
