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
}
