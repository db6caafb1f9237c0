#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Builds the minimal automaton of a finite set of texts, in one pass over the sorted texts.
///
/// J. Daciuk's way: as soon as the sorted texts have left a branch its states are final, and a state with the same
/// continuations as a known one is replaced by it. The tree of all texts never exists, so ten thousand long texts with
/// common ends take little memory and a few milliseconds.
struct TextSetBuilder {
    /// A state on the way to the last text, whose continuations may still grow.
    private struct OpenState {
        var isAccepting = false
        /// A byte and the final state behind it, in byte order: `byte << 32 | state`.
        var edges: [Int] = []
    }

    /// `[lastText.count + 1]`, and behind them states that were open before, whose memory is used again.
    private var open: [OpenState] = [OpenState()]
    private var lastText: [UInt8] = []
    /// The final states: whether they accept, then their edges.
    private var finalStates = SequenceTable<Int>()
    private var scratch: [Int] = []

    static func automaton(of texts: [[UInt8]]) throws(GrammarError) -> ByteAutomaton {
        guard !texts.isEmpty else { return .none }
        // A text is at least as many states as it has bytes, whose table must not be allocated first.
        if texts.count == 1 {
            // One text is a chain, so that only its table counts.
            guard texts[0].count * (Set(texts[0]).count + 1) <= GrammarLimits.automatonCells else {
                throw StateTable.tooLarge
            }
            return ByteAutomaton.text(texts[0])
        }
        guard texts.allSatisfy({ $0.count < GrammarLimits.automatonStates }) else { throw StateTable.tooLarge }
        var builder = TextSetBuilder()
        var isDistinct = [Bool](repeating: false, count: 256)
        for (index, text) in texts.sorted(by: Self.precedes).enumerated() {
            for byte in text { isDistinct[Int(byte)] = true }
            builder.insert(text)
            guard builder.finalStates.count + text.count + 1 <= GrammarLimits.constructionStates else {
                throw StateTable.tooLarge
            }
            try checkCancellation(step: index)
        }
        return try builder.finish(ByteClasses(distinct: isDistinct))
    }

    private mutating func insert(_ text: [UInt8]) {
        var common = 0
        while common < text.count, common < lastText.count, text[common] == lastText[common] { common += 1 }
        close(downTo: common)
        while open.count <= text.count { open.append(OpenState()) }
        open[text.count].isAccepting = true
        lastText = text
    }

    /// The order of bytes; memory is compared whole, which the standard library does element by element.
    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let order = left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return 0 as Int32 }
                return memcmp(first, second, min(left.count, right.count))
            }
        }
        return order == 0 ? left.count < right.count : order < 0
    }

    /// Makes final what lies deeper than a length of the last text.
    private mutating func close(downTo length: Int) {
        for depth in stride(from: lastText.count, to: length, by: -1) {
            let number = finalNumber(at: depth)
            open[depth].isAccepting = false
            open[depth].edges.removeAll(keepingCapacity: true)
            open[depth - 1].edges.append(Int(lastText[depth - 1]) << 32 | number)
        }
    }

    private mutating func finalNumber(at depth: Int) -> Int {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(open[depth].isAccepting ? 1 : 0)
        scratch.append(contentsOf: open[depth].edges)
        return finalStates.number(of: scratch)
    }

    private consuming func finish(_ classes: ByteClasses) throws(GrammarError) -> ByteAutomaton {
        close(downTo: 0)
        let start = finalNumber(at: 0)
        var number = [Int32](repeating: ByteAutomaton.dead, count: finalStates.count)
        var order = [start]
        number[start] = 0
        var table = StateTable(symbolCount: classes.count)
        while table.stateCount < order.count {
            let state = finalStates[order[table.stateCount]]
            let row = Int(try table.addState(accepting: state.first == 1)) * classes.count
            // The edges are in byte order, and each byte that stands in a text has a class of its own.
            for edge in state.dropFirst() {
                let target = edge & 0xFFFF_FFFF
                if number[target] < 0 {
                    number[target] = Int32(order.count)
                    order.append(target)
                }
                table.transitions[row + Int(classes.classOfByte[edge >> 32])] = number[target]
            }
        }
        return try ByteAutomaton(table, mergingEqual: classes).checked()
    }
}

extension ByteAutomaton {
    /// Each of these texts. Throws `limit` when their automaton is too large.
    package static func texts(_ texts: [[UInt8]]) throws(GrammarError) -> ByteAutomaton {
        try TextSetBuilder.automaton(of: texts)
    }
}
