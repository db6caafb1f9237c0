import PinionJSON

/// Numbers by range, by divisors and by listed values.
struct NumberShape: SchemaShape, Hashable {
    /// A listed value and how it is written there.
    struct Constant: Hashable {
        let value: DecimalNumber
        let spelling: String
    }

    /// Whole numbers, others, or both.
    var parts = TypeSet.number
    var range = NumberRange()
    var divisors: [DecimalNumber] = []
    /// Multiples of none of them.
    var nonDivisors: [DecimalNumber] = []
    /// The only values, in the order written.
    var constants: [Constant]?
    var excluded: Set<DecimalNumber> = []

    static let any = NumberShape()
    static let types = TypeSet.number
    static func memory(of expander: SchemaExpander) -> ExpansionTable<NumberShape> { expander.numbers }

    var isAny: Bool { constants == nil && !isConstrained }

    /// Whether more is asked of a number than to be one of ``constants``.
    var isConstrained: Bool {
        parts != .number || range != .all || !divisors.isEmpty || !nonDivisors.isEmpty || !excluded.isEmpty
    }

    static func ofTypes(_ types: TypeSet) -> NumberShape? {
        let parts = types.intersection(.number)
        return parts.isEmpty ? nil : NumberShape(parts: parts)
    }

    var weight: Int { 1 + ((constants?.count ?? 0) + excluded.count) / 8 }

    func merged(with other: NumberShape) -> NumberShape? {
        var both = self
        both.parts.formIntersection(other.parts)
        both.range = range.intersection(other.range)
        both.divisors += other.divisors.filter { !divisors.contains($0) }
        both.nonDivisors += other.nonDivisors.filter { !nonDivisors.contains($0) }
        both.excluded.formUnion(other.excluded)
        if let constants, let others = other.constants {
            let allowed = Set(others.map(\.value))
            both.constants = constants.filter { allowed.contains($0.value) }
        } else {
            both.constants = constants ?? other.constants
        }
        guard !both.parts.isEmpty, !both.range.isEmpty else { return nil }
        if both.divisors.contains(where: both.nonDivisors.contains) { return nil }
        return both.filtered
    }

    /// The shape with those of its listed values that meet all its other constraints, and without these; nil if none
    /// does.
    private var filtered: NumberShape? {
        guard let constants else { return self }
        guard isConstrained else { return constants.isEmpty ? nil : self }
        var constraints = self
        constraints.constants = nil
        let kept = constants.filter { constraints.allows($0.value) }
        return kept.isEmpty ? nil : NumberShape(constants: kept)
    }

    func allows(_ value: DecimalNumber) -> Bool {
        if let constants, !constants.contains(where: { $0.value == value }) { return false }
        return parts.contains(value.isInteger ? .integer : .fraction) && range.contains(value)
            && !excluded.contains(value) && divisors.allSatisfy { value.isMultiple(of: $0) }
            && !nonDivisors.contains { value.isMultiple(of: $0) }
    }

    /// Puts the lists of values that nothing else is asked of into one.
    static func united(_ shapes: [NumberShape]) -> [NumberShape] {
        guard shapes.count > 1 else { return shapes }
        var values: [Constant] = []
        var seen: Set<DecimalNumber> = []
        var result: [NumberShape] = []
        for shape in shapes {
            if !shape.isConstrained, let constants = shape.constants {
                for value in constants where seen.insert(value.value).inserted { values.append(value) }
            } else {
                result.append(shape)
            }
        }
        if !values.isEmpty { result.insert(NumberShape(constants: values), at: 0) }
        return result
    }

    static func satisfying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [NumberShape] {
        let node = expander.document.nodes[literal.node]
        var shape: NumberShape? = NumberShape()
        for bound in node.number?.bounds ?? [] { shape = shape?.merged(with: NumberShape(range: bound.range)) }
        if let divisor = node.number?.multipleOf { shape = shape?.merged(with: NumberShape(divisors: [divisor])) }
        if let format = node.string?.format, let range = NumberRange(format: format) {
            shape = shape?.merged(with: NumberShape(parts: .integer, range: range))
        }
        for (keyword, values) in node.constants {
            let constants = try constants(in: values, of: node, keyword)
            shape = constants.isEmpty ? nil : shape?.merged(with: NumberShape(constants: constants))
        }
        return shape.map { [$0] } ?? []
    }

    static func denying(_ literal: Literal, in expander: SchemaExpander) throws(GrammarError) -> [NumberShape] {
        let node = expander.document.nodes[literal.node]
        var shapes: [NumberShape] = []
        for bound in node.number?.bounds ?? [] { shapes.append(NumberShape(range: bound.range.opposite)) }
        if let divisor = node.number?.multipleOf { shapes.append(NumberShape(nonDivisors: [divisor])) }
        if let format = node.string?.format, NumberRange(format: format) != nil {
            throw expander.omissions.refuse(node, .format, isNegated: true, StringShape.formatDenial)
        }
        for (keyword, values) in node.constants {
            let constants = try constants(in: values, of: node, keyword)
            shapes.append(NumberShape(excluded: Set(constants.map(\.value))))
        }
        return shapes
    }

    private static func constants(
        in values: [JSONValue], of node: SchemaNode, _ keyword: SchemaKeyword
    ) throws(GrammarError) -> [Constant] {
        var constants: [Constant] = []
        var seen: Set<DecimalNumber> = []
        for (index, value) in values.enumerated() {
            guard let spelling = value.numberSpelling else { continue }
            do {
                let number = try DecimalNumber(spelling)
                if seen.insert(number).inserted { constants.append(Constant(value: number, spelling: spelling)) }
            } catch {
                let place = keyword == .enum ? "/\(index)" : ""
                throw GrammarError(error.code, error.message, pointer: node.pointer(to: keyword) + place)
            }
        }
        return constants
    }

    func isProvablyEmpty(depth: Int, in expander: SchemaExpander) throws(GrammarError) -> Bool {
        if isAny || constants != nil { return false }
        return try expander.isKnownEmpty(self)
    }
}

extension JSONValue {
    /// A number as it was written, as far as the value keeps that; nil for other values.
    ///
    /// A decimal number is written as the shortest text that reads back as the same double.
    var numberSpelling: String? {
        switch self {
        case .integer(let value): String(value)
        case .bigInteger(let digits): digits
        case .decimal(let value): value.description
        default: nil
        }
    }
}
