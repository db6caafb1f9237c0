/// Joins the parts of a split by its behaviour, one part after the other.
///
/// Parts come in the order of the text and are never empty; `isDelimiter` tells matches from the text between them.
struct SpanJoiner {
    private let behavior: PreTokenizerStep.Behavior
    private var pending: Range<Int>?
    /// Whether the part before was a match.
    private var wasDelimiter = false

    init(_ behavior: PreTokenizerStep.Behavior) {
        self.behavior = behavior
    }

    /// - Returns: The piece that became certain, if any.
    mutating func add(_ span: Range<Int>, isDelimiter: Bool) -> Range<Int>? {
        defer { wasDelimiter = isDelimiter }
        switch behavior {
        case .isolated: return span
        case .removed: return isDelimiter ? nil : span
        case .mergedWithPrevious:
            // A delimiter joins the text before it, and not another delimiter.
            return isDelimiter && !wasDelimiter ? extend(to: span) : replace(by: span)
        case .mergedWithNext:
            // A delimiter joins the text after it, and not another delimiter.
            return wasDelimiter && !isDelimiter ? extend(to: span) : replace(by: span)
        case .contiguous: return isDelimiter == wasDelimiter ? extend(to: span) : replace(by: span)
        }
    }

    /// The last piece, if one is left.
    mutating func finish() -> Range<Int>? {
        defer { pending = nil }
        return pending
    }

    private mutating func extend(to span: Range<Int>) -> Range<Int>? {
        pending = (pending?.lowerBound ?? span.lowerBound)..<span.upperBound
        return nil
    }

    private mutating func replace(by span: Range<Int>) -> Range<Int>? {
        defer { pending = span }
        return pending
    }
}
