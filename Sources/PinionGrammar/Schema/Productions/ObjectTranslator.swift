import PinionJSON

/// Writes the production of one shape of objects: a network of places between members.
struct ObjectTranslator {
    /// Where an object stands.
    private struct Place: Hashable {
        /// The next ordered member that may come.
        var index: Int
        /// Members so far, as far as they are counted.
        var count: Int
        /// Free members so far, where there are only so many names: by class of names.
        var free: [Int]
        /// Demands that were met, and behind them the unordered members that came.
        var flags: UInt32
        var isBehindComma: Bool
    }

    let translator: SchemaTranslator
    private let shape: ObjectShape
    /// nil for JSON's.
    private let notation: ObjectNotation?
    private let plan: MemberPlan
    private let maximum: Int?
    /// Whether a minimum has to be counted for; required members alone may be enough.
    private let isCounted: Bool
    /// Number of free names by class, where there are only so many; nil where there are always more.
    private let freeCounts: [Int]?
    private let allFlags: UInt32
    /// `[ordered members + 1]`: whether a required one comes at or behind each.
    private var isRequiredAhead: [Bool] = []
    private var names: [Production] = []
    private var network = ProductionNetwork()
    private var places: [Place: Int] = [:]
    private var pending: [Place] = []

    init(_ shape: ObjectShape, _ translator: SchemaTranslator, _ notation: ObjectNotation?) throws(GrammarError) {
        self.shape = shape
        self.notation = notation
        self.translator = translator
        plan = try MemberPlan(shape, in: translator.expander)
        guard plan.demands.count <= SchemaLimits.demands else {
            throw GrammarError(
                .limit, "more than \(SchemaLimits.demands) conditions that some member of an object has to meet")
        }
        var maximum = shape.maximum.map { min($0, SchemaLimits.count) }
        let counts = plan.free.map(\.names.count)
        freeCounts = counts.contains(nil) ? nil : counts.compactMap { $0 }
        if let freeCounts, let bound = maximum,
            bound >= plan.ordered.count + plan.unordered.count + freeCounts.reduce(0, +)
        {
            maximum = nil
        }
        self.maximum = maximum
        isCounted = maximum != nil || shape.minimum > shape.required.count
        allFlags = UInt32((1 as UInt64) << UInt64(plan.demands.count + plan.unordered.count) - 1)
    }

    private var expander: SchemaExpander { translator.expander }

    mutating func translate() throws(GrammarError) -> Production {
        if plan.isImpossible { return .never }
        var isRequired = false
        isRequiredAhead = [false]
        for member in plan.ordered.reversed() {
            isRequired = isRequired || member.isRequired
            isRequiredAhead.append(isRequired)
        }
        isRequiredAhead.reverse()
        for member in plan.ordered { names.append(try name(member.name)) }
        if maximum != 0 { try build() }
        let isEmptyAllowed = shape.required.isEmpty && shape.minimum == 0 && plan.demands.isEmpty
        if let notation {
            let members = Production.container(.network(network))
            return .sequence([
                notation.open, isEmptyAllowed ? .choice([.empty, members]) : members, notation.close,
            ])
        }
        let full = Production.sequence([
            .text("{"), .container(.sequence([.space(.opening), .network(network)])), .space(.closing),
            .text("}"),
        ])
        return isEmptyAllowed ? .choice([.text("{}"), full]) : full
    }

    /// A name and its colon, in one lexeme.
    private func name(_ name: ProtocolWord) throws(GrammarError) -> Production {
        let quoted = SchemaTranslator.quoted(name)
        guard let notation else {
            return .sequence([.text(quoted + [UInt8(ascii: ":")]), .space(.afterColon)])
        }
        let plain = Array(name.text.utf8)
        let isPlain = notation.names.accepts(plain)
        guard isPlain || notation.quotesOtherNames else {
            throw GrammarError(
                .unsupported,
                "no argument can have the name '\(JSONValue.quoted(name.text))' as this model writes calls")
        }
        return .sequence([notation.nameOpen, .text(isPlain ? plain : quoted), notation.nameClose])
    }

    /// What stands between two members.
    private var separator: Production { notation?.separator ?? ArrayTranslator.comma }

    /// The name of a member that is not declared.
    private func freeName(_ quoted: ByteAutomaton) throws(GrammarError) -> Production {
        guard let notation else {
            return .sequence([.memberName(quoted), .text(":"), .space(.afterColon)])
        }
        let plain = try quoted.unquoted().unescaped().intersection(notation.freeNames)
        var names = plain.isEmpty ? [] : [Production.memberName(plain)]
        if notation.quotesOtherNames {
            let others = try quoted.subtracting(try plain.escaped().quoted())
            if !others.isEmpty { names.append(.memberName(others)) }
        }
        return .sequence([notation.nameOpen, .choice(names), notation.nameClose])
    }

    private func value(_ conjunction: Conjunction, named name: String?) throws(GrammarError) -> Production {
        guard let marks = notation?.marks else { return try translator.value(conjunction) }
        return try translator.marked(conjunction, named: name, marks)
    }

    // MARK: - Places

    private mutating func build() throws(GrammarError) {
        _ = try state(
            Place(index: 0, count: 0, free: freeCounts?.map { _ in 0 } ?? [], flags: 0, isBehindComma: true))
        while let place = pending.popLast() {
            guard let state = places[place] else { continue }
            try expander.spend(1)
            if !place.isBehindComma {
                if canEnd(place) { network.accepting.append(state) }
                var next = place
                next.isBehindComma = true
                if !isFull(place) { network.connect(state, separator, try self.state(next)) }
            } else if place.index < plan.ordered.count {
                try addOrdered(place, state)
            } else {
                try addUnordered(place, state)
                try addFree(place, state)
            }
        }
    }

    private func isFull(_ place: Place) -> Bool { maximum.map { place.count >= $0 } ?? false }

    private func canEnd(_ place: Place) -> Bool {
        !isRequiredAhead[place.index] && place.flags == allFlags && (!isCounted || place.count >= shape.minimum)
    }

    private mutating func state(_ place: Place) throws(GrammarError) -> Int {
        if let known = places[place] { return known }
        guard network.stateCount < SchemaLimits.networkStates else {
            throw GrammarError(.limit, "an object with more than \(SchemaLimits.networkStates) states")
        }
        let state = network.addState()
        places[place] = state
        pending.append(place)
        return state
    }

    /// The place behind one member more.
    private func next(_ place: Place) -> Place {
        var next = place
        next.isBehindComma = false
        if isCounted { next.count = min(place.count + 1, maximum ?? shape.minimum) }
        return next
    }

    // MARK: - Members

    private mutating func addOrdered(_ place: Place, _ state: Int) throws(GrammarError) {
        let member = plan.ordered[place.index]
        var next = next(place)
        next.index += 1
        try add(member, names[place.index], from: state, to: next)
        if !member.isRequired {
            var skipped = place
            skipped.index += 1
            network.connect(state, .empty, try self.state(skipped))
        }
    }

    private mutating func addUnordered(_ place: Place, _ state: Int) throws(GrammarError) {
        for (index, member) in plan.unordered.enumerated() {
            let flag: UInt32 = 1 << UInt32(plan.demands.count + index)
            guard place.flags & flag == 0 else { continue }
            var next = next(place)
            next.flags |= flag
            try add(member, try name(member.name), from: state, to: next)
        }
    }

    /// A member of a known name, as it is and as the one that meets a demand.
    private mutating func add(
        _ member: MemberPlan.Member, _ name: Production, from state: Int, to next: Place
    ) throws(GrammarError) {
        let spelling = plan.demands.isEmpty ? [] : SchemaTranslator.quoted(member.name)
        for way in try ways(next, member.value, where: { $0.names.accepts(spelling) }) {
            let value = try value(way.value, named: member.name.text)
            network.connect(state, .sequence([name, value]), try self.state(way.next))
        }
    }

    /// The value of a member, and the place behind it, for each set of demands that the member may meet.
    private func ways(
        _ next: Place, _ value: Conjunction, where concerns: (MemberPlan.Demand) -> Bool
    ) throws(GrammarError) -> [(value: Conjunction, next: Place)] {
        var ways = [(value: value, next: next)]
        for (index, demand) in plan.demands.enumerated() where next.flags & 1 << UInt32(index) == 0 && concerns(demand)
        {
            for way in ways {
                let both = try expander.conjunction(expander.literals(of: way.value) + demand.value)
                guard both != .never else { continue }
                var next = way.next
                next.flags |= 1 << UInt32(index)
                ways.append((both, next))
            }
        }
        return ways
    }

    private mutating func addFree(_ place: Place, _ state: Int) throws(GrammarError) {
        for (position, names) in plan.free.enumerated() {
            var next = next(place)
            if let freeCounts {
                // The matcher knows which names are taken, but a comma must not be offered when none is left.
                guard place.free[position] < freeCounts[position] else { continue }
                next.free[position] += 1
            }
            var parts = [(names: names.names.quoted, value: names.value, next: next)]
            for (index, demand) in plan.demands.enumerated() where place.flags & 1 << UInt32(index) == 0 {
                for part in parts {
                    let both = try expander.conjunction(expander.literals(of: part.value) + demand.value)
                    let meeting = try part.names.intersection(demand.names)
                    guard both != .never, !meeting.isEmpty else { continue }
                    var next = part.next
                    next.flags |= 1 << UInt32(index)
                    parts.append((meeting, both, next))
                }
            }
            for part in parts {
                network.connect(
                    state,
                    .sequence([try freeName(part.names), try value(part.value, named: nil)]),
                    try self.state(part.next))
            }
        }
    }
}
