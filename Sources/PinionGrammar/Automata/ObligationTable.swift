/// Numbers sets of obligations: machines of a pattern that looked ahead from an earlier place and still have to match, or
/// must not.
struct ObligationTable {
    struct Obligation: SequenceElement, Comparable {
        let machine: Int
        let set: Int32
        /// Whether the machine has to match, else it must not.
        let isExpected: Bool

        var bits: UInt64 {
            UInt64(machine) << 33 | UInt64(UInt32(bitPattern: set)) << 1 | (isExpected ? 1 : 0)
        }
        var opposite: Obligation { Obligation(machine: machine, set: set, isExpected: !isExpected) }
        static func < (first: Obligation, second: Obligation) -> Bool { first.bits < second.bits }
    }

    /// The number of the empty set.
    static let none: Int32 = 0

    private var table = SequenceTable<Obligation>()

    init() {
        _ = table.number(of: [])
    }

    /// A copy: a slice of the table would make the next new set copy the whole table.
    subscript(number: Int32) -> [Obligation] { Array(table[Int(number)]) }

    /// The number of a set and some obligations more; nil if two of them contradict each other.
    ///
    /// Throws `limit` beyond ``GrammarLimits/constructionObligations``.
    mutating func union(_ number: Int32, _ others: [Obligation]) throws(GrammarError) -> Int32? {
        if others.isEmpty { return number }
        var all = self[number] + others
        all.sort()
        var joined: [Obligation] = []
        for obligation in all where obligation != joined.last {
            if obligation.opposite == joined.last { return nil }
            joined.append(obligation)
        }
        guard table.totalLength + joined.count <= GrammarLimits.constructionObligations else {
            throw StateTable.tooLarge
        }
        return Int32(table.number(of: joined))
    }

    /// Under which conditions none of the ways ends here: for each way, one of its conditions or obligations is broken.
    ///
    /// - Parameter work: counts what the alternatives cost; see ``GrammarLimits/constructionWork``.
    mutating func negation(of ways: [PatternWay], _ work: inout Int) throws(GrammarError) -> [PatternWay] {
        var alternatives: Set<PatternWay> = [PatternWay(node: 0)]
        for way in ways {
            var broken = way.condition.negations.map { PatternWay(node: 0, condition: $0) }
            for obligation in self[way.obligations] {
                if let number = try union(Self.none, [obligation.opposite]) {
                    broken.append(PatternWay(node: 0, obligations: number))
                }
            }
            var narrowed = Set<PatternWay>()
            for alternative in alternatives {
                for reason in broken {
                    work += PatternWay.openWork
                    guard let joined = try union(alternative.obligations, self[reason.obligations]) else { continue }
                    var both = alternative.moved(to: 0, reason.condition)
                    both.obligations = joined
                    if !both.condition.isContradiction { narrowed.insert(both) }
                }
                guard work <= GrammarLimits.constructionWork else { throw StateTable.tooLarge }
            }
            alternatives = narrowed
        }
        return alternatives.sorted()
    }
}
