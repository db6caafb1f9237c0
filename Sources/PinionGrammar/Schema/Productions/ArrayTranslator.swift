/// Writes the production of one shape of arrays: a network of places between elements.
struct ArrayTranslator {
    /// Where an array stands: so many elements have come, and so many of them met each demand.
    private struct Place: Hashable {
        var count: Int
        var met: [Int]
        var isBehindComma: Bool
    }

    let translator: SchemaTranslator
    private let shape: ArrayShape
    /// What the elements at the first places satisfy, and then all others.
    private var elements: [Conjunction] = []
    private var maximum: Int?
    private var network = ProductionNetwork()
    private var places: [Place: Int] = [:]
    private var pending: [Place] = []

    init(_ shape: ArrayShape, _ translator: SchemaTranslator) throws(GrammarError) {
        self.shape = shape
        self.translator = translator
        maximum = shape.maximum
        let expander = translator.expander
        for index in 0...shape.prefix.count {
            let conjunction = try expander.conjunction(shape.literals(at: index))
            elements.append(conjunction)
            // Nothing can stand at this place, so that the array ends before it.
            if conjunction == .never {
                maximum = min(maximum ?? index, index)
                break
            }
        }
        if let maximum, maximum > SchemaLimits.count { self.maximum = SchemaLimits.count }
    }

    private var expander: SchemaExpander { translator.expander }

    func element(at index: Int) -> Conjunction { elements[min(index, elements.count - 1)] }

    mutating func translate() throws(GrammarError) -> Production {
        if let maximum, maximum < shape.minimum { return .never }
        if let node = shape.uniqueNode, maximum ?? 2 > 1 {
            let unique = UniqueElements(
                translator, node: node, hasDemands: !shape.demands.isEmpty, minimum: shape.minimum, maximum: maximum)
            return try unique.translate(elements)
        }
        guard shape.demands.count <= SchemaLimits.demands else {
            throw GrammarError(.limit, "more than \(SchemaLimits.demands) conditions of 'contains'")
        }
        let isEmptyAllowed = shape.minimum == 0 && shape.demands.allSatisfy { $0.minimum == 0 }
        if maximum != 0 { try build() }
        return Self.brackets(isEmptyAllowed: isEmptyAllowed, network)
    }

    /// An array around what stands between its brackets.
    static func brackets(isEmptyAllowed: Bool, _ network: ProductionNetwork) -> Production {
        let full = Production.sequence([
            .text("["), .container(.sequence([.space(.openingArray), .network(network)])),
            .space(.closingArray), .text("]"),
        ])
        return isEmptyAllowed ? .choice([.text("[]"), full]) : full
    }

    static let comma = Production.sequence([.text(","), .space(.afterComma)])

    // MARK: - Places

    private mutating func build() throws(GrammarError) {
        network = ProductionNetwork()
        _ = try state(Place(count: 0, met: shape.demands.map { _ in 0 }, isBehindComma: true))
        while let place = pending.popLast() {
            guard let state = places[place] else { continue }
            try expander.spend(1)
            if place.isBehindComma {
                try addElements(place, state)
                continue
            }
            if canEnd(place) { network.accepting.append(state) }
            if place.count < maximum ?? Int.max {
                var next = place
                next.isBehindComma = true
                network.connect(state, Self.comma, try self.state(next))
            }
        }
    }

    private func canEnd(_ place: Place) -> Bool {
        place.count >= shape.minimum && zip(place.met, shape.demands).allSatisfy { $0 >= $1.minimum }
    }

    private mutating func state(_ place: Place) throws(GrammarError) -> Int {
        if let known = places[place] { return known }
        guard network.stateCount < SchemaLimits.networkStates else {
            throw GrammarError(.limit, "an array with more than \(SchemaLimits.networkStates) states")
        }
        let state = network.addState()
        places[place] = state
        pending.append(place)
        return state
    }

    /// Counts that are told apart no more.
    private var saturation: Int {
        max(shape.prefix.count, shape.minimum, maximum ?? 0, shape.demands.map(\.start).max() ?? 0)
    }

    private mutating func addElements(_ place: Place, _ state: Int) throws(GrammarError) {
        var next = place
        next.count = min(place.count + 1, saturation)
        next.isBehindComma = false
        // An element that meets a demand or does not: each way is an edge.
        var ways: [(literals: [Literal], met: [Int])] = [([], place.met)]
        for (index, demand) in shape.demands.enumerated() where place.count >= demand.start {
            ways = ways.flatMap { Self.ways($0, index, demand) }
        }
        for way in ways {
            next.met = way.met
            let conjunction = try expander.conjunction(
                expander.literals(of: element(at: place.count)) + way.literals)
            guard conjunction != .never else { continue }
            network.connect(state, try translator.value(conjunction), try self.state(next))
        }
    }

    private static func ways(
        _ way: (literals: [Literal], met: [Int]), _ index: Int, _ demand: ArrayShape.Demand
    ) -> [(literals: [Literal], met: [Int])] {
        var result: [(literals: [Literal], met: [Int])] = []
        let count = way.met[index]
        if let maximum = demand.maximum {
            result.append((way.literals + [demand.literal.negated], way.met))
            if count >= maximum { return result }
        } else {
            // Elements that meet it without being counted do no harm: whether they meet it need not be asked.
            result.append(way)
            if count >= demand.minimum { return result }
        }
        var met = way.met
        met[index] += 1
        result.append((way.literals + [demand.literal], met))
        return result
    }
}
