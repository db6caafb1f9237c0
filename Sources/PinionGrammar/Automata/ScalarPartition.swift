import PinionPattern

/// A division of all Unicode scalars into classes, called symbols, that none of some sets divides.
struct ScalarPartition {
    /// `[intervals]`: the first scalar of each interval, ascending; the first is 0 and the last interval ends at 10FFFF.
    private(set) var starts: [UInt32]
    /// `[intervals]`: the symbol of an interval, ``none`` for surrogates.
    private(set) var symbols: [Int32]
    private(set) var symbolCount: Int
    /// `[sets]`: the symbols that make up each set.
    private(set) var symbolsOfSet: [[Int32]] = []

    /// Stands for surrogates and for what lies beyond Unicode.
    static let none: Int32 = -1
    private static let surrogates: ClosedRange<UInt32> = 0xD800...0xDFFF

    /// Throws `limit` when the sets together have more than ``GrammarLimits/constructionMembers`` intervals or symbols.
    init(_ sets: [ScalarSet]) throws(GrammarError) {
        var borders: [UInt32] = [0, Self.surrogates.lowerBound, Self.surrogates.upperBound + 1]
        for set in sets {
            for range in set.ranges {
                borders.append(range.lowerBound)
                if range.upperBound < 0x10FFFF { borders.append(range.upperBound + 1) }
            }
        }
        borders.sort()
        starts = []
        starts.reserveCapacity(borders.count)
        for border in borders where border != starts.last { starts.append(border) }
        symbols = Array(repeating: 0, count: starts.count)
        symbolCount = 1
        symbolsOfSet.reserveCapacity(sets.count)
        let refined = try refine(by: sets)
        number(refined)
        try collectSymbols(of: sets)
    }

    /// The symbol of a scalar, ``none`` for surrogates.
    func symbol(of scalar: UInt32) -> Int32 { symbols[interval(of: scalar)] }

    /// The place of the interval that holds a scalar.
    func interval(of scalar: UInt32) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= scalar { low = middle } else { high = middle }
        }
        return low
    }

    /// The last scalar of an interval.
    func end(of interval: Int) -> UInt32 { interval + 1 < starts.count ? starts[interval + 1] - 1 : 0x10FFFF }

    /// The intervals in a set that respects their borders.
    private func intervals(of range: ClosedRange<UInt32>) -> Range<Int> {
        let first = interval(of: range.lowerBound)
        var past = first + 1
        while past < starts.count, starts[past] <= range.upperBound { past += 1 }
        return first..<past
    }

    /// Divides the intervals set by set: those of a class that lie in the set move to a new class.
    private func refine(by sets: [ScalarSet]) throws(GrammarError) -> [Int32] {
        var classes = [Int32](repeating: 0, count: starts.count)
        // By class: the class that its members in the present set move to, and the set that this was noted for.
        var moved: [Int32] = [0]
        var movedFor: [Int32] = [-1]
        var total = 0
        for (index, set) in sets.enumerated() {
            for range in set.ranges {
                let covered = intervals(of: range)
                total += covered.count
                guard total <= GrammarLimits.constructionMembers else { throw Self.tooManyOverlaps }
                for interval in covered {
                    let old = Int(classes[interval])
                    if movedFor[old] != Int32(index) {
                        movedFor[old] = Int32(index)
                        moved[old] = Int32(moved.count)
                        moved.append(0)
                        movedFor.append(-1)
                    }
                    classes[interval] = moved[old]
                }
            }
            try checkCancellation(step: index)
        }
        return classes
    }

    /// Numbers the classes that have members in the order of their first scalars.
    private mutating func number(_ classes: [Int32]) {
        var numbers = [Int32](repeating: -1, count: Int(classes.max() ?? 0) + 1)
        symbolCount = 0
        for (interval, old) in classes.enumerated() {
            guard !Self.surrogates.contains(starts[interval]) else {
                symbols[interval] = Self.none
                continue
            }
            if numbers[Int(old)] < 0 {
                numbers[Int(old)] = Int32(symbolCount)
                symbolCount += 1
            }
            symbols[interval] = numbers[Int(old)]
        }
    }

    private mutating func collectSymbols(of sets: [ScalarSet]) throws(GrammarError) {
        var seenFor = [Int32](repeating: -1, count: symbolCount)
        var total = 0
        for (index, set) in sets.enumerated() {
            var members: [Int32] = []
            for range in set.ranges {
                for interval in intervals(of: range) {
                    let symbol = symbols[interval]
                    guard symbol >= 0, seenFor[Int(symbol)] != Int32(index) else { continue }
                    seenFor[Int(symbol)] = Int32(index)
                    members.append(symbol)
                }
            }
            total += members.count
            guard total <= GrammarLimits.constructionMembers else { throw Self.tooManyOverlaps }
            symbolsOfSet.append(members)
        }
    }

    private static let tooManyOverlaps = GrammarError(
        .limit, "the character classes of the pattern overlap in too many ways")
}
