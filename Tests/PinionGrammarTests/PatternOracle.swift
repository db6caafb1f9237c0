import PinionPattern

/// Matches a pattern's tree by its definition: the set of places where a match that begins at a place can end.
///
/// Exponential for hostile patterns and independent of the automata: sets of places instead of states, look-behind by trying
/// every beginning.
struct PatternOracle {
    let text: [Unicode.Scalar]

    static func matches(_ pattern: String, _ text: String, isAnchored: Bool) throws -> Bool {
        let tree = try Pattern.tree(of: pattern, dialect: .ecma)
        let oracle = PatternOracle(text: Array(text.unicodeScalars))
        if isAnchored { return oracle.ends(tree, from: 0).contains(oracle.text.count) }
        return (0...oracle.text.count).contains { !oracle.ends(tree, from: $0).isEmpty }
    }

    private func ends(_ node: PatternNode, from place: Int) -> Set<Int> {
        switch node {
        case .empty: return [place]
        case .set(let set): return place < text.count && set.contains(text[place].value) ? [place + 1] : []
        case .sequence(let children):
            return children.reduce([place]) { places, child in
                Set(places.flatMap { ends(child, from: $0) })
            }
        case .alternation(let branches): return Set(branches.flatMap { ends($0, from: place) })
        case .repetition(let child, let count):
            var current: Set<Int> = [place]
            for _ in 0..<count.minimum { current = Set(current.flatMap { ends(child, from: $0) }) }
            var all = current
            for _ in 0..<(count.maximum.map { $0 - count.minimum } ?? text.count + 1) {
                current = Set(current.flatMap { ends(child, from: $0) })
                all.formUnion(current)
            }
            return all
        case .lookahead(let child, let isNegative):
            return ends(child, from: place).isEmpty == isNegative ? [place] : []
        case .lookbehind(let child, let isNegative):
            let isFound = (0...place).contains { ends(child, from: $0).contains(place) }
            return isFound != isNegative ? [place] : []
        case .atomic: fatalError("an atomic group has no set of ends")
        case .assertion(let assertion): return holds(assertion, at: place) ? [place] : []
        }
    }

    private func holds(_ assertion: PatternAssertion, at place: Int) -> Bool {
        let before = place > 0 ? text[place - 1] : nil
        let after = place < text.count ? text[place] : nil
        func isWord(_ scalar: Unicode.Scalar?) -> Bool {
            guard let scalar, scalar.isASCII else { return false }
            return scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        }
        func endsLine(_ scalar: Unicode.Scalar?) -> Bool {
            scalar.map { ["\n", "\r", "\u{2028}", "\u{2029}"].contains($0) } ?? true
        }
        return switch assertion {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .lineStart: endsLine(before)
        case .lineEnd: endsLine(after)
        case .wordBoundary: isWord(before) != isWord(after)
        case .notWordBoundary: isWord(before) == isWord(after)
        }
    }
}
