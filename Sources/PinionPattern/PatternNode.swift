/// The syntax tree of a regular expression, after flags and classes have been resolved to scalar sets.
///
/// Groups leave no trace: captures are accepted and not recorded. Nesting is bounded by ``PatternLimits/nesting``, so a
/// recursive walk is safe.
package indirect enum PatternNode: Sendable, Equatable {
    case empty
    /// One scalar out of a set; a literal is a set of one.
    case set(ScalarSet)
    case sequence([PatternNode])
    /// Earlier branches are preferred.
    case alternation([PatternNode])
    case repetition(PatternNode, PatternRepetition)
    case lookahead(PatternNode, isNegative: Bool)
    /// Parsed in ECMA's and Python's dialects only, and for those who compile the tree to an automaton: a ``Pattern`` cannot run it.
    case lookbehind(PatternNode, isNegative: Bool)
    /// Once matched, never re-entered by backtracking.
    case atomic(PatternNode)
    case assertion(PatternAssertion)
}

/// How often, and how eagerly, a node repeats.
package struct PatternRepetition: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        case greedy, lazy, possessive
    }

    package var minimum: Int
    /// Nil is without bound.
    package var maximum: Int?
    package var mode: Mode

    package init(minimum: Int, maximum: Int?, mode: Mode = .greedy) {
        self.minimum = minimum
        self.maximum = maximum
        self.mode = mode
    }
}

/// A condition on a position that consumes nothing.
package enum PatternAssertion: Sendable, Equatable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
}

/// The bounds that keep a hostile pattern cheap to parse, compile and run.
package enum PatternLimits {
    /// Longest pattern text, in Unicode scalars.
    package static let patternScalars = 32_768
    /// Deepest nesting of groups.
    package static let nesting = 100
    /// Largest number that may stand in `{m,n}`.
    package static let repeatCount = 100_000
    /// Largest size of a pattern once its counted repetitions are written out, in tree nodes.
    package static let expandedSize = 100_000
    /// Most scalar ranges the sets of one pattern may hold together.
    package static let setRanges = 300_000
    /// A set weighs one tree node more for every so many ranges, so that copies of large classes stay bounded too.
    package static let rangesPerNode = 64
    /// Instructions one match may execute unless the caller says otherwise.
    package static let matchSteps = 20_000_000
    /// Most backtracking points one match may hold.
    package static let backtrackFrames = 1 << 20
}

extension PatternNode {
    /// The number of nodes with counted repetitions written out and large sets weighted, saturating.
    package var expandedSize: Int {
        switch self {
        case .empty, .assertion: 1
        case .set(let set): 1 + set.ranges.count / PatternLimits.rangesPerNode
        case .sequence(let children), .alternation(let children):
            children.reduce(1) { Self.saturatingSum($0, $1.expandedSize) }
        case .lookahead(let child, _), .lookbehind(let child, _), .atomic(let child):
            Self.saturatingSum(1, child.expandedSize)
        case .repetition(.set(let set), let count):
            Self.saturatingSum(
                set.ranges.count / PatternLimits.rangesPerNode + 1, max(1, count.maximum ?? count.minimum))
        case .repetition(let child, let count):
            Self.saturatingSum(1, Self.saturatingProduct(child.expandedSize, max(1, count.maximum ?? count.minimum)))
        }
    }

    /// Whether the node can match without consuming anything.
    package var isNullable: Bool {
        switch self {
        case .empty, .lookahead, .lookbehind, .assertion: true
        case .set: false
        case .sequence(let children): children.allSatisfy(\.isNullable)
        case .alternation(let children): children.contains(where: \.isNullable)
        case .repetition(let child, let count): count.minimum == 0 || child.isNullable
        case .atomic(let child): child.isNullable
        }
    }

    /// Whether look-behind stands anywhere in the node.
    package var looksBehind: Bool {
        switch self {
        case .lookbehind: true
        case .empty, .set, .assertion: false
        case .sequence(let children), .alternation(let children): children.contains(where: \.looksBehind)
        case .repetition(let child, _), .lookahead(let child, _), .atomic(let child): child.looksBehind
        }
    }

    /// The set a match must begin in, for nodes that plainly begin with one set; nil for all others.
    package var leadingSet: ScalarSet? {
        switch self {
        case .set(let set): set
        case .sequence(let children): children.first?.leadingSet
        case .repetition(let child, let count): count.minimum > 0 ? child.leadingSet : nil
        case .atomic(let child): child.leadingSet
        case .empty, .alternation, .lookahead, .lookbehind, .assertion: nil
        }
    }

    /// Marks, in 256 entries, every byte that a non-empty match can begin with.
    package func markLeadBytes(in bytes: inout [Bool]) {
        switch self {
        case .empty, .lookahead, .lookbehind, .assertion: break
        case .set(let set):
            for range in set.ranges {
                for byte in Self.leadByte(range.lowerBound)...Self.leadByte(range.upperBound) { bytes[byte] = true }
            }
        case .sequence(let children):
            for child in children {
                child.markLeadBytes(in: &bytes)
                if !child.isNullable { break }
            }
        case .alternation(let children):
            for child in children { child.markLeadBytes(in: &bytes) }
        case .repetition(let child, _), .atomic(let child): child.markLeadBytes(in: &bytes)
        }
    }

    private static func leadByte(_ scalar: UInt32) -> Int {
        switch scalar {
        case ..<0x80: Int(scalar)
        case ..<0x800: Int(0xC0 | scalar >> 6)
        case ..<0x10000: Int(0xE0 | scalar >> 12)
        default: Int(0xF0 | scalar >> 18)
        }
    }

    private static func saturatingSum(_ a: Int, _ b: Int) -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }

    private static func saturatingProduct(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : product
    }
}
