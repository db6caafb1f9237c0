import PinionJSON

/// Arrays of which no two elements are equal.
///
/// Where equal values have one spelling, the matcher remembers the spellings, as it does for names of members. Where
/// the values are few, the places of the array remember which were used. Everything else is refused: whether two
/// objects are equal is no matter of a grammar.
struct UniqueElements {
    private let translator: SchemaTranslator
    private let node: SchemaNode
    private let hasDemands: Bool
    private let minimum: Int
    private let maximum: Int?

    init(_ translator: SchemaTranslator, node: Int, hasDemands: Bool, minimum: Int, maximum: Int?) {
        self.translator = translator
        self.node = translator.expander.document.nodes[node]
        self.hasDemands = hasDemands
        self.minimum = minimum
        self.maximum = maximum
    }

    /// - Parameter elements: what the elements at the first places satisfy, and then all others.
    func translate(_ elements: [Conjunction]) throws(GrammarError) -> Production {
        if hasDemands { throw refused("beside 'contains'") }
        let expander = translator.expander
        let shapes = try elements.map { element throws(GrammarError) in try ValueShapes(element, in: expander) }
        if shapes.contains(where: \.hasParts) { throw refused("for arrays and objects") }
        let scalars = shapes.map(\.scalars)
        if let values = try listedValues(scalars), values.all.count <= SchemaLimits.uniqueValues {
            return try subsets(of: values)
        }
        let lexemes = try scalars.map { shape throws(GrammarError) in try canonical(shape) }
        let counts = lexemes.map { $0.texts(atMost: SchemaLimits.count)?.count }
        if counts.count > 1, counts.contains(where: { $0 != nil }) {
            throw refused("for lists of values that differ from place to place")
        }
        return try remembered(lexemes, limit: counts[0])
    }

    private func refused(_ place: String) -> GrammarError {
        translator.expander.omissions.refuse(
            node, .uniqueItems, isNegated: false,
            "'uniqueItems' holds for strings, whole numbers and short lists of values, and not \(place)")
    }

    // MARK: - Spellings that are remembered

    /// The spellings of an element; one for each value.
    private func canonical(_ shapes: ScalarShapes) throws(GrammarError) -> ByteAutomaton {
        let expander = translator.expander
        var parts: [ByteAutomaton] = [try .texts(shapes.words.flatMap(\.texts))]
        for shape in shapes.numbers {
            if let constants = shape.constants {
                let spellings = constants.map { Array($0.spelling.utf8) }
                guard spellings.allSatisfy(try Self.canonicalNumber.get().accepts) else {
                    throw refused("for numbers in more spellings than one")
                }
                parts.append(try .texts(spellings))
            } else {
                parts.append(try expander.automaton(of: shape).intersection(Self.canonicalNumber.get()))
            }
        }
        for shape in shapes.strings {
            parts.append(try expander.automaton(of: shape).quoted())
        }
        return try .union(parts)
    }

    /// Numbers without an exponent and without zeros at the end of the fraction.
    private static let canonicalNumber = Result { () throws(GrammarError) in
        try ByteAutomaton.pattern("0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)[.][0-9]*[1-9]", encoding: .utf8, isAnchored: true)
    }

    private func remembered(_ lexemes: [ByteAutomaton], limit: Int?) throws(GrammarError) -> Production {
        // Where all spellings are used up, no comma may be offered.
        let maximum = [maximum, limit].compactMap { $0 }.min()
        guard minimum <= maximum ?? Int.max else { return .never }
        var network = ProductionNetwork(stateCount: 1)
        let saturation = max(lexemes.count - 1, minimum, maximum ?? 0)
        // State 2c is behind the comma after c elements, and the next one behind the element that follows.
        for _ in 0..<(2 * saturation + 1) { _ = network.addState() }
        for count in 0...saturation where count < maximum ?? Int.max {
            network.connect(2 * count, .memberName(lexemes[min(count, lexemes.count - 1)]), 2 * count + 1)
            let next = min(count + 1, saturation)
            if count + 1 >= minimum { network.accepting.append(2 * count + 1) }
            if next < maximum ?? Int.max { network.connect(2 * count + 1, ArrayTranslator.comma, 2 * next) }
        }
        return ArrayTranslator.brackets(isEmptyAllowed: minimum == 0, network)
    }

    // MARK: - Few values

    private struct Listed {
        enum Value: Hashable {
            case word(UInt8)
            case number(DecimalNumber)
            case string(ProtocolWord)
        }

        /// Each value and its spelling.
        var all: [(value: Value, spelling: [UInt8])] = []
        /// For each place, indices of the values that may stand there.
        var places: [[Int]] = []
        private var indices: [Value: Int] = [:]

        mutating func add(_ value: Value, _ spelling: @autoclosure () -> [UInt8]) -> Int {
            if let known = indices[value] { return known }
            indices[value] = all.count
            all.append((value, spelling()))
            return all.count - 1
        }
    }

    /// The values of all elements, if they are listed.
    private func listedValues(_ shapes: [ScalarShapes]) throws(GrammarError) -> Listed? {
        var listed = Listed()
        for shape in shapes {
            var place: [Int] = []
            for word in shape.words {
                for single in [WordShape.null, .true, .false] where word.contains(single) {
                    place.append(listed.add(.word(single.rawValue), single.texts[0]))
                }
            }
            for numbers in shape.numbers {
                guard let constants = numbers.constants else { return nil }
                place += constants.map { listed.add(.number($0.value), Array($0.spelling.utf8)) }
            }
            for strings in shape.strings {
                guard strings.constants != nil else { return nil }
                let constants = strings.filtered(in: translator.expander)?.constants ?? []
                place += constants.map { listed.add(.string($0), SchemaTranslator.quoted($0)) }
            }
            listed.places.append(place)
        }
        return listed
    }

    /// A network with a state for each set of used values and each place.
    private func subsets(of listed: Listed) throws(GrammarError) -> Production {
        struct Place: Hashable {
            var used: UInt32
            var isBehindComma: Bool
        }
        var network = ProductionNetwork(stateCount: 1)
        var states = [Place(used: 0, isBehindComma: true): 0]
        var pending = [Place(used: 0, isBehindComma: true)]
        func state(_ place: Place) -> Int {
            if let known = states[place] { return known }
            let state = network.addState()
            states[place] = state
            pending.append(place)
            return state
        }
        let maximum = min(maximum ?? Int.max, listed.all.count)
        while let place = pending.popLast() {
            guard let source = states[place] else { continue }
            let count = place.used.nonzeroBitCount
            guard place.isBehindComma else {
                if count >= minimum { network.accepting.append(source) }
                if count < maximum {
                    network.connect(source, ArrayTranslator.comma, state(Place(used: place.used, isBehindComma: true)))
                }
                continue
            }
            for index in listed.places[min(count, listed.places.count - 1)] where place.used & 1 << index == 0 {
                let next = Place(used: place.used | 1 << index, isBehindComma: false)
                network.connect(source, .text(listed.all[index].spelling), state(next))
            }
        }
        return ArrayTranslator.brackets(isEmptyAllowed: minimum == 0, network)
    }
}
