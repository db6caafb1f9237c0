/// The edges that read something, white space or call a rule, behind any that read nothing; kept by state.
struct EdgeClosures {
    struct Closure {
        let edges: [Grammar.Edge]
        /// Whether the rule may end here.
        let isFinal: Bool
    }

    private var known: [Int32: Closure] = [:]

    mutating func closure(of state: Int32, in grammar: Grammar) -> Closure {
        if let closure = known[state] { return closure }
        var edges: [Grammar.Edge] = []
        var isFinal = false
        var reached = [state]
        var seen: Set<Int32> = [state]
        var index = 0
        while index < reached.count {
            if grammar.isFinal[Int(reached[index])] { isFinal = true }
            for edge in grammar.edges[Int(reached[index])] {
                if edge.label != .empty {
                    edges.append(edge)
                } else if seen.insert(edge.target).inserted {
                    reached.append(edge.target)
                }
            }
            index += 1
        }
        let closure = Closure(edges: edges, isFinal: isFinal)
        known[state] = closure
        return closure
    }
}
