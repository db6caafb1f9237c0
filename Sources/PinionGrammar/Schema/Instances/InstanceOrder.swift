import PinionJSON

/// Puts the members of an instance into the order of its schema: the order of the first shape that it fits.
struct InstanceOrder {
    struct Arranged {
        var value: JSONValue
        /// Whether the value satisfies what it was arranged by, as far as that was asked.
        var fits: Bool
    }

    /// One part of the instance and what it was arranged by. Shapes ask for their parts again and again.
    private struct Question: Hashable {
        let place: Int
        let conjunction: Conjunction
    }

    private struct Step: Hashable {
        let parent: Int
        let index: Int
    }

    private let expander: SchemaExpander
    private var answers: [Question: Arranged] = [:]
    private var places: [Step: Int] = [:]

    init(_ expander: SchemaExpander) {
        self.expander = expander
    }

    mutating func arrange(_ value: JSONValue, _ conjunction: Conjunction) throws(GrammarError) -> Arranged {
        try arrange(value, at: 0, conjunction)
    }

    private mutating func arrange(
        _ value: JSONValue, at place: Int, _ conjunction: Conjunction
    ) throws(GrammarError) -> Arranged {
        if conjunction == .never { return Arranged(value: value, fits: false) }
        let question = Question(place: place, conjunction: conjunction)
        if let known = answers[question] { return known }
        let answer = try arranged(value, at: place, conjunction)
        answers[question] = answer
        return answer
    }

    private mutating func place(of index: Int, in parent: Int) -> Int {
        let step = Step(parent: parent, index: index)
        if let known = places[step] { return known }
        // The whole instance is at place 0.
        places[step] = places.count + 1
        return places.count
    }

    private mutating func arranged(
        _ value: JSONValue, at place: Int, _ conjunction: Conjunction
    ) throws(GrammarError) -> Arranged {
        switch value {
        case .null: return Arranged(value: value, fits: try word(.null, fits: conjunction))
        case .bool(let flag): return Arranged(value: value, fits: try word(flag ? .true : .false, fits: conjunction))
        case .integer, .bigInteger, .decimal:
            // A number that is too long to be compared fits nowhere.
            guard let number = try? DecimalNumber(value) else { return Arranged(value: value, fits: false) }
            let shapes = try expander.shapes(of: conjunction, NumberShape.self)
            return Arranged(value: value, fits: shapes.contains { $0.allows(number) })
        case .string(let text):
            let word = ProtocolWord(text)
            for shape in try expander.shapes(of: conjunction, StringShape.self) where shape.allows(word, in: expander) {
                return Arranged(value: value, fits: true)
            }
            return Arranged(value: value, fits: false)
        case .array(let elements): return try arrange(elements, at: place, conjunction)
        case .object(let object): return try arrange(object, at: place, conjunction)
        }
    }

    private func word(_ word: WordShape, fits conjunction: Conjunction) throws(GrammarError) -> Bool {
        try expander.shapes(of: conjunction, WordShape.self).contains { $0.contains(word) }
    }

    /// By the first shape that the elements fit.
    private mutating func arrange(
        _ elements: [JSONValue], at place: Int, _ conjunction: Conjunction
    ) throws(GrammarError) -> Arranged {
        var first: [JSONValue]?
        for shape in try expander.shapes(of: conjunction, ArrayShape.self) {
            guard elements.count >= shape.minimum, elements.count <= shape.maximum ?? Int.max else { continue }
            var fits = true
            var counts = shape.demands.map { _ in 0 }
            var arranged: [JSONValue] = []
            for (index, element) in elements.enumerated() {
                let part = self.place(of: index, in: place)
                var literals = shape.literals(at: index)
                for (position, demand) in shape.demands.enumerated() where index >= demand.start {
                    let demanded = try expander.conjunction([demand.literal])
                    guard try arrange(element, at: part, demanded).fits else {
                        // With a maximum, the grammar has the element as one that does not meet the demand.
                        if demand.maximum != nil { literals.append(demand.literal.negated) }
                        continue
                    }
                    counts[position] += 1
                    literals.append(demand.literal)
                }
                let result = try arrange(element, at: part, expander.conjunction(literals))
                fits = fits && result.fits
                arranged.append(result.value)
            }
            for (count, demand) in zip(counts, shape.demands) {
                fits = fits && count >= demand.minimum && count <= demand.maximum ?? Int.max
            }
            if fits { return Arranged(value: .array(arranged), fits: true) }
            first = first ?? arranged
        }
        return Arranged(value: .array(first ?? elements), fits: false)
    }

    /// By the first shape that the members fit.
    private mutating func arrange(
        _ object: JSONObject, at place: Int, _ conjunction: Conjunction
    ) throws(GrammarError) -> Arranged {
        var first: JSONObject?
        let names = Set(object.members.map { ProtocolWord($0.name) })
        for shape in try expander.shapes(of: conjunction, ObjectShape.self) {
            guard names.count >= shape.minimum, names.count <= shape.maximum ?? Int.max,
                shape.required.allSatisfy(names.contains)
            else { continue }
            var fits = true
            let plan = try MemberPlan(shape, in: expander)
            var met = plan.demands.map { _ in false }
            var members: [JSONObject.Member] = []
            for (index, member) in object.members.enumerated() {
                let part = self.place(of: index, in: place)
                let value = try expander.conjunction(of: ProtocolWord(member.name), in: shape)
                var literals = expander.literals(of: value)
                let spelling = SchemaTranslator.quoted(ProtocolWord(member.name))
                for (position, demand) in plan.demands.enumerated()
                where !met[position] && demand.names.accepts(spelling) {
                    let demanded = try expander.conjunction(demand.value)
                    guard try arrange(member.value, at: part, demanded).fits else { continue }
                    met[position] = true
                    literals += demand.value
                }
                let result = try arrange(
                    member.value, at: part, value == .never ? value : expander.conjunction(literals))
                fits = fits && result.fits
                members.append(.init(name: member.name, value: result.value))
            }
            let result = JSONObject(Self.sorted(members, by: plan.ordered))
            if fits, met.allSatisfy({ $0 }) { return Arranged(value: .object(result), fits: true) }
            first = first ?? result
        }
        return Arranged(value: .object(first ?? object), fits: false)
    }

    private static func sorted(
        _ members: [JSONObject.Member], by order: [MemberPlan.Member]
    ) -> [JSONObject.Member] {
        let ranks = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1.name, $0) })
        let ranked = members.enumerated().map { index, member in
            (rank: ranks[ProtocolWord(member.name)] ?? order.count + index, member: member)
        }
        return ranked.sorted { $0.rank < $1.rank }.map(\.member)
    }
}
