/// Walks two automata side by side, over the pairs of states that a text leads them to.
///
/// Pairs are numbered in the order in which they are met; pair 0 is that of the starts.
struct StatePairs {
    let classes: ByteClasses
    private let first: ByteAutomaton
    private let second: ByteAutomaton
    /// Whether a pair goes on when the second automaton knows no way any more.
    private let keepsUnpaired: Bool
    /// `[classes]`
    private let firstColumns: [Int]
    private let secondColumns: [Int]
    /// Both states of each pair; the second is ``ByteAutomaton/dead`` where there is none.
    private(set) var states: [(first: Int32, second: Int32)] = []
    /// The number of each pair by its two states, -1 for a pair not met yet; empty where that would be too large.
    private var numberOfPair: [Int32] = []
    private var numbers: [Int: Int32] = [:]
    private let stride: Int

    /// The largest square of states whose pairs are looked up in an array instead of a dictionary.
    private static let arrayCells = 1 << 20

    /// - Precondition: neither is empty.
    init(_ first: ByteAutomaton, _ second: ByteAutomaton, keepsUnpaired: Bool) {
        self.first = first
        self.second = second
        self.keepsUnpaired = keepsUnpaired
        var classes = ByteClasses()
        classes.refine(by: first.classes, count: first.classCount)
        classes.refine(by: second.classes, count: second.classCount)
        self.classes = classes
        firstColumns = classes.map(to: first.classes)
        secondColumns = classes.map(to: second.classes)
        stride = second.stateCount + 1
        if first.stateCount * stride <= Self.arrayCells {
            numberOfPair = Array(repeating: -1, count: first.stateCount * stride)
        }
        _ = number(0, 0)
    }

    /// Calls the body with each class of bytes that leads a pair to a pair, and the latter's number.
    ///
    /// Throws `limit` beyond ``GrammarLimits/constructionStates`` pairs.
    @inline(__always)
    mutating func forEachStep(
        from pair: Int, _ body: (_ symbol: Int, _ pair: Int32) -> Void
    ) throws(GrammarError) {
        let firstRow = Int(states[pair].first) * first.classCount
        let secondRow = Int(states[pair].second) * second.classCount
        for symbol in 0..<classes.count {
            let target = first.transitions[firstRow + firstColumns[symbol]]
            guard target >= 0 else { continue }
            let other = secondRow < 0 ? ByteAutomaton.dead : second.transitions[secondRow + secondColumns[symbol]]
            guard other >= 0 || keepsUnpaired else { continue }
            body(symbol, number(target, other))
        }
        guard states.count <= GrammarLimits.constructionStates else { throw StateTable.tooLarge }
        try checkCancellation(step: pair)
    }

    private mutating func number(_ state: Int32, _ other: Int32) -> Int32 {
        let key = Int(state) * stride + Int(other) + 1
        let known = numberOfPair.isEmpty ? numbers[key] ?? -1 : numberOfPair[key]
        if known >= 0 { return known }
        let number = Int32(states.count)
        states.append((state, other))
        if numberOfPair.isEmpty { numbers[key] = number } else { numberOfPair[key] = number }
        return number
    }
}
