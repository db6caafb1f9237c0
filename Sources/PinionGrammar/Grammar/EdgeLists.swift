/// The edges of a grammar's states, in the order in which each state got them.
///
/// Chains in one array. Not an array for each state: nearly every edge of a large schema would be an allocation of its own.
struct EdgeLists: Sendable {
    fileprivate struct Link {
        var edge: Grammar.Edge
        /// Index of the state's next link; -1 behind the last.
        var next: Int32
    }

    private var links: [Link] = []
    /// `[states]`: index of each state's first and last link; -1 for none.
    private var ends: [(first: Int32, last: Int32)] = []

    /// Number of states.
    var count: Int { ends.count }

    /// Adds a state without edges, numbered by the ``count`` before.
    mutating func addState() { ends.append((-1, -1)) }

    /// How many states and edges there are.
    struct Extent {
        fileprivate let states: Int
        fileprivate let links: Int
    }

    var extent: Extent { Extent(states: ends.count, links: links.count) }

    /// Takes back the states and edges that were added since.
    ///
    /// - Precondition: No state of that extent got an edge since.
    mutating func rollBack(to extent: Extent) {
        ends.removeSubrange(extent.states...)
        links.removeSubrange(extent.links...)
    }

    mutating func append(_ edge: Grammar.Edge, to state: Int) {
        links.append(Link(edge: edge, next: -1))
        chain(Int32(links.count - 1), to: state)
    }

    /// Puts a link, which has no next one, behind the others of a state.
    private mutating func chain(_ link: Int32, to state: Int) {
        let last = Int(ends[state].last)
        if last >= 0 { links[last].next = link } else { ends[state].first = link }
        ends[state].last = link
    }

    /// - Note: To add edges while these are gone through, take an array of them first: all edges would be copied otherwise.
    subscript(state: Int) -> List { List(links: links, link: ends[state].first) }

    /// Takes away edges by the state they leave.
    mutating func removeAll(where isRemoved: (_ state: Int, _ edge: Grammar.Edge) -> Bool) {
        for state in ends.indices {
            var link = ends[state].first
            ends[state] = (-1, -1)
            while link >= 0 {
                let next = links[Int(link)].next
                if !isRemoved(state, links[Int(link)].edge) {
                    links[Int(link)].next = -1
                    chain(link, to: state)
                }
                link = next
            }
        }
    }

    /// The edges of one state.
    struct List: Sequence, IteratorProtocol {
        fileprivate let links: [Link]
        /// Index of the next one.
        fileprivate var link: Int32

        var isEmpty: Bool { link < 0 }

        mutating func next() -> Grammar.Edge? {
            guard link >= 0 else { return nil }
            let (edge, next) = (links[Int(link)].edge, links[Int(link)].next)
            link = next
            return edge
        }
    }
}
