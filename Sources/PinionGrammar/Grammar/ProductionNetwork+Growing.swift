/// A network that is found place by place.
extension ProductionNetwork {
    init(stateCount: Int = 0) {
        self.init(stateCount: stateCount, accepting: [], edges: [])
    }

    /// A new state.
    mutating func addState() -> Int {
        stateCount += 1
        return stateCount - 1
    }

    mutating func connect(_ source: Int, _ production: Production, _ target: Int) {
        edges.append(Edge(source: source, production: production, target: target))
    }
}
