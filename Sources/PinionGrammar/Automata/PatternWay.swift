/// One of the ways on which a machine of a pattern can be: a node, what has to come next, and what it owes.
///
///     node | condition << 32 | obligations << 40
struct PatternWay: Hashable, Comparable, SequenceElement {
    private(set) var bits: UInt64

    /// - Parameter obligations: a number of an ``ObligationTable``.
    init(node: Int32, condition: PatternCondition = [], obligations: Int32 = ObligationTable.none) {
        bits = UInt64(UInt32(bitPattern: node)) | UInt64(condition.rawValue) << 32 | UInt64(obligations) << 40
    }

    var node: Int { Int(UInt32(truncatingIfNeeded: bits)) }
    var condition: PatternCondition { PatternCondition(rawValue: UInt8(truncatingIfNeeded: bits >> 32)) }
    var obligations: Int32 {
        get { Int32(bits >> 40) }
        set { bits = bits & 0xFF_FFFF_FFFF | UInt64(newValue) << 40 }
    }
    /// Whether the way asks for nothing.
    var isPlain: Bool { bits >> 32 == 0 }

    /// The same way at another node, with one more condition.
    func moved(to node: Int32, _ condition: PatternCondition = []) -> PatternWay {
        var way = self
        way.bits = bits & ~0xFFFF_FFFF | UInt64(UInt32(bitPattern: node)) | UInt64(condition.rawValue) << 32
        return way
    }

    static func < (first: PatternWay, second: PatternWay) -> Bool { first.bits < second.bits }

    // MARK: - Cost

    /// What a way with a condition or obligations costs, in plain ways; as measured.
    static let openWork = 16
    /// What a step over a symbol costs without any way.
    static let stepWork = 8
    /// How many ways a step can pass over for the cost of one that it takes.
    static let passedPerWork = 8
}
