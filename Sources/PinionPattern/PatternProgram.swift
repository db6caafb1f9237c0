/// A pattern compiled for ``PatternMatcher``: instructions and the sets they test, in flat arrays.
final class PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// One ASCII byte.
        case byte(UInt8)
        /// One scalar of the numbered set.
        case set(Int32)
        /// A repeated set, run in a tight loop; a negative maximum is without bound.
        case run(set: Int32, minimum: Int32, maximum: Int32, mode: PatternRepetition.Mode)
        /// Tries the first target, later the second.
        case split(Int32, Int32)
        /// Tries, in order, the branches of a table that the next byte permits.
        case dispatch(Int32)
        case jump(Int32)
        /// Notes where a loop's iteration begins.
        case mark(slot: Int32)
        /// Leaves for the target if the iteration begun at the mark consumed nothing.
        case leaveIfEmpty(slot: Int32, target: Int32)
        case lookahead(isNegative: Bool, target: Int32)
        case atomic
        /// Ends the body of a look-ahead or atomic group.
        case endOfGroup
        case assertion(PatternAssertion)
        case accept
    }

    /// The branches of an alternation by next byte.
    struct Dispatch: Sendable {
        static let maximumBranches = 64
        /// Bit `b` of entry `byte`: branch `b` may match there. Entry 256 stands for the end of the text.
        var masks = [UInt64](repeating: 0, count: 257)
        var targets: [Int32] = []
    }

    /// The ASCII part of a set as two words, and where its other ranges lie.
    struct FlatSet: Sendable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var rangeStart: Int32 = 0
        var rangeEnd: Int32 = 0

        @inline(__always)
        func containsASCII(_ byte: UInt8) -> Bool {
            (byte < 64 ? low &>> UInt64(byte) : high &>> UInt64(byte & 63)) & 1 != 0
        }
    }

    let instructions: [Instruction]
    let dispatches: [Dispatch]
    let sets: [FlatSet]
    /// Pairs of first and last scalar of the non-ASCII ranges.
    let bounds: [UInt32]
    let slotCount: Int
    /// Entry per byte: whether a match can begin with it. Nil when a match may be empty.
    let firstBytes: [Bool]?
    /// The set of a greedy run without bound, of one or more, that every match begins with and that gives characters back.
    /// Where it fails, it fails from all of the run: without this knowledge `\s+$` takes quadratic time on white space.
    let leadingRun: Int32?

    init(
        instructions: [Instruction], dispatches: [Dispatch], sets: [ScalarSet], slotCount: Int, firstBytes: [Bool]?
    ) {
        if case .run(let set, minimum: 1, maximum: -1, let mode) = instructions.first, mode != .possessive {
            leadingRun = set
        } else {
            leadingRun = nil
        }
        var flatSets: [FlatSet] = []
        var bounds: [UInt32] = []
        for set in sets {
            var flat = FlatSet()
            flat.rangeStart = Int32(bounds.count / 2)
            for range in set.ranges {
                for value in range.lowerBound..<max(range.lowerBound, min(range.upperBound + 1, 0x80)) {
                    if value < 64 { flat.low |= 1 << UInt64(value) } else { flat.high |= 1 << UInt64(value - 64) }
                }
                if range.upperBound >= 0x80 { bounds += [max(range.lowerBound, 0x80), range.upperBound] }
            }
            flat.rangeEnd = Int32(bounds.count / 2)
            flatSets.append(flat)
        }
        self.instructions = instructions
        self.dispatches = dispatches
        self.sets = flatSets
        self.bounds = bounds
        self.slotCount = slotCount
        self.firstBytes = firstBytes
    }

    @inline(__always)
    func containsNonASCII(_ set: FlatSet, _ scalar: UInt32) -> Bool {
        var low = Int(set.rangeStart)
        var high = Int(set.rangeEnd)
        while low < high {
            let middle = (low &+ high) &>> 1
            if bounds[2 &* middle &+ 1] < scalar { low = middle &+ 1 } else { high = middle }
        }
        return low < Int(set.rangeEnd) && bounds[2 &* low] <= scalar
    }
}
