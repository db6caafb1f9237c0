/// The spellings of numbers.
extension SchemaExpander {
    func automaton(of shape: NumberShape) throws(GrammarError) -> ByteAutomaton {
        if let known = automata.numbers[shape] { return known }
        var result: ByteAutomaton
        if let constants = shape.constants {
            result = try .texts(constants.map { Array($0.spelling.utf8) })
        } else if shape.excluded.isEmpty, shape.nonDivisors.isEmpty, shape.parts != .fraction {
            result = try exact(try numbers(of: shape, in: shape.range, multipleOf: shape.divisors), for: shape)
        } else {
            result = .none
            for range in ranges(of: shape) {
                result = try .union([result, try differences(of: shape, in: range)])
            }
            result = try exact(result, for: shape)
        }
        automata.numbers[shape] = result
        return result
    }

    func isKnownEmpty(_ shape: NumberShape) throws(GrammarError) -> Bool { try automaton(of: shape).isEmpty }

    private func numbers(
        of shape: NumberShape, in range: NumberRange, multipleOf divisors: [DecimalNumber]
    ) throws(GrammarError) -> ByteAutomaton {
        if shape.parts == .integer { return try NumberLanguage.integers(in: range, multipleOf: divisors) }
        return try NumberLanguage.numbers(in: range, multipleOf: divisors)
    }

    /// The numbers that a double tells apart, where that matters and the bounds leave room for it: 99.9999999999999999
    /// is below 100 and reads as 100, so that it breaks an `exclusiveMaximum` of 100 for most who look.
    private func exact(_ numbers: ByteAutomaton, for shape: NumberShape) throws(GrammarError) -> ByteAutomaton {
        guard shape.parts != .integer, shape.isConstrained else { return numbers }
        let few = try numbers.intersection(Self.fewDigits.get())
        return few.isEmpty ? numbers : few
    }

    /// Decimal digits that every double keeps.
    private static let doubleDigits = 15

    private static let fewDigits = Result { () throws(GrammarError) in
        var forms = ["0([.][0-9]{1,\(doubleDigits)})?", "[1-9][0-9]{0,\(doubleDigits - 1)}"]
        for whole in 1..<doubleDigits { forms.append("[1-9][0-9]{\(whole - 1)}[.][0-9]{1,\(doubleDigits - whole)}") }
        return try ByteAutomaton.pattern("-?(\(forms.joined(separator: "|")))", encoding: .utf8, isAnchored: true)
    }

    /// Ranges without the excluded values. Each has a bound, because numbers with an exponent, which unbounded ranges
    /// hold, could not be told from what is taken away.
    private func ranges(of shape: NumberShape) -> [NumberRange] {
        let parts = shape.range.without(shape.excluded)
        guard parts.contains(.all) else { return parts }
        return [
            NumberRange(maximum: .zero, isMaximumExclusive: true), NumberRange(minimum: .zero),
        ]
    }

    private func differences(of shape: NumberShape, in range: NumberRange) throws(GrammarError) -> ByteAutomaton {
        var result = try numbers(of: shape, in: range, multipleOf: shape.divisors)
        let isFraction = shape.parts == .fraction
        for divisor in shape.nonDivisors + (isFraction ? [DecimalNumber(1)] : []) {
            let multiples = try numbers(of: shape, in: range, multipleOf: [divisor])
            result = try result.subtracting(Self.withTrailingZeros(multiples))
        }
        return result
    }

    /// The spellings of the same numbers with any zeros at the end of the fraction, which multiples are not written
    /// with.
    private static func withTrailingZeros(_ numbers: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        let zero = ByteAutomaton.text("0")
        let fractions = try numbers.intersection(decimals.get())
        let whole = try numbers.subtracting(fractions)
        return try .union([
            numbers, .concatenation([fractions, zero.repeated(0)]),
            .concatenation([whole, .text("."), zero.repeated(1)]),
        ])
    }

    private static let decimals = Result { () throws(GrammarError) in
        try ByteAutomaton.pattern("-?[0-9]+[.][0-9]+", encoding: .utf8, isAnchored: true)
    }
}
