/// A path from state 0 to an accepting one, along edges that each derive their production.
///
/// For what is a machine rather than an expression: an object whose members are optional, an array that has to hold three
/// elements of a kind.
///
///     // a, b or both
///     ProductionNetwork(
///         stateCount: 3, accepting: [1, 2],
///         edges: [.init(source: 0, production: a, target: 1), .init(source: 0, production: .empty, target: 1), ...])
package struct ProductionNetwork: Sendable {
    package struct Edge: Sendable {
        package let source: Int
        package let production: Production
        package let target: Int

        package init(source: Int, production: Production, target: Int) {
            self.source = source
            self.production = production
            self.target = target
        }
    }

    package var stateCount: Int
    package var accepting: [Int]
    package var edges: [Edge]

    package init(stateCount: Int, accepting: [Int], edges: [Edge]) {
        self.stateCount = stateCount
        self.accepting = accepting
        self.edges = edges
    }
}
