/// The spellings of JSON numbers within bounds.
///
/// Zero is `0` and has no sign, also not as `-0.0`; whole numbers have no leading zeros; every number has a bounded length.
/// Only numbers without bounds and divisors may have an exponent, because an exponent moves the digits that bounds compare.
package enum NumberLanguage {
    /// The integers of a range that are multiples of each divisor, written without a fraction and exponent.
    ///
    ///     let percentages = try NumberLanguage.integers(
    ///         in: NumberRange(minimum: .zero, maximum: DecimalNumber(100)), multipleOf: [DecimalNumber(5)])
    ///     percentages.texts(atMost: 100)   // 0, 5, 10 … 100
    ///
    /// Integers have at most ``GrammarLimits/integerDigits`` digits, or one more than a bound has. Throws `invalid` for a
    /// divisor that is not above zero, `limit` for a divisor that needs too many states. Without any such number the language
    /// is empty.
    package static func integers(
        in range: NumberRange, multipleOf divisors: [DecimalNumber]
    ) throws(GrammarError) -> ByteAutomaton {
        if range == .all, divisors.isEmpty { return anyInteger }
        let divisor = try divisors.isEmpty ? nil : DecimalDivisor(commonMultipleOf: divisors + [DecimalNumber(1)])
        let form = NumberForm(wholeDigits: wholeDigits(for: range), fractionDigits: 0)
        return try language(of: range, form, divisor)
    }

    /// The numbers of a range that are multiples of each divisor.
    ///
    /// With bounds, numbers have at most ``GrammarLimits/fractionDigits`` digits behind the point, or one more than a bound has;
    /// with divisors as many as a multiple needs. Throws as ``integers(in:multipleOf:)``.
    package static func numbers(
        in range: NumberRange, multipleOf divisors: [DecimalNumber]
    ) throws(GrammarError) -> ByteAutomaton {
        if range == .all, divisors.isEmpty { return anyNumber }
        guard !divisors.isEmpty else {
            let needed = [range.minimum, range.maximum].compactMap { $0.map { $0.fractionDigits.count + 1 } }
            let form = NumberForm(
                wholeDigits: wholeDigits(for: range),
                fractionDigits: max(GrammarLimits.fractionDigits, needed.max() ?? 0))
            return try language(of: range, form, nil)
        }
        let divisor = try DecimalDivisor(commonMultipleOf: divisors)
        let form = NumberForm(wholeDigits: wholeDigits(for: range), fractionDigits: divisor.fractionDigits)
        return try language(of: range, form, divisor)
    }

    private static let anyInteger = spellings(
        "0|-?[1-9][0-9]{0,\(GrammarLimits.integerDigits - 1)}")

    private static let anyNumber: ByteAutomaton = {
        let exponent = "(e[+-]?[0-9]{1,\(GrammarLimits.exponentDigits)})?"
        let whole = "(0|[1-9][0-9]{0,\(GrammarLimits.integerDigits - 1)})"
        let fraction = "(\\.[0-9]{1,\(GrammarLimits.fractionDigits)})?"
        // A minus sign stands in front of a number of which some digit is not 0.
        return spellings("(-(?=[0.]*[1-9]))?\(whole)\(fraction)\(exponent)")
    }()

    private static func spellings(_ pattern: String) -> ByteAutomaton {
        do {
            return try ByteAutomaton.pattern(pattern, encoding: .utf8, isAnchored: true)
        } catch {
            preconditionFailure("the grammar of numbers needs some dozen states: \(error)")
        }
    }

    private static func wholeDigits(for range: NumberRange) -> Int {
        let needed = [range.minimum, range.maximum].compactMap { $0.map { $0.wholeDigits.count + 1 } }
        return max(GrammarLimits.integerDigits, needed.max() ?? 0)
    }

    private static func language(
        of range: NumberRange, _ form: NumberForm, _ divisor: DecimalDivisor?
    ) throws(GrammarError) -> ByteAutomaton {
        let multiples = try divisor?.multiples()
        func part(_ magnitudes: NumberRange) throws(GrammarError) -> ByteAutomaton {
            let all = try form.magnitudes(in: magnitudes)
            return if let multiples { try all.intersection(multiples) } else { all }
        }
        var positive = range
        if range.minimum.map({ $0.isNegative }) ?? true {
            positive.minimum = nil
            positive.isMinimumExclusive = false
        }
        // The mirror image of the numbers below zero.
        var negative = NumberRange(
            minimum: .zero, isMinimumExclusive: true, maximum: range.minimum?.magnitude,
            isMaximumExclusive: range.isMinimumExclusive)
        if let maximum = range.maximum, maximum.isNegative {
            negative.minimum = maximum.magnitude
            negative.isMinimumExclusive = range.isMaximumExclusive
        }
        let hasPositive = range.maximum.map { !$0.isNegative } ?? true
        let hasNegative = range.minimum.map { $0.isNegative } ?? true
        return try .union([
            hasPositive ? part(positive) : .none,
            hasNegative ? .concatenation([.text("-"), part(negative)]) : .none,
        ])
    }
}
