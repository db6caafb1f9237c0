/// Ranges as sets of numbers.
extension NumberRange {
    /// Whether plainly no number lies in the range.
    var isEmpty: Bool {
        guard let minimum, let maximum else { return false }
        return isMinimumExclusive || isMaximumExclusive ? minimum >= maximum : minimum > maximum
    }

    /// The numbers outside of a range that has one bound.
    var opposite: NumberRange {
        if let minimum { return NumberRange(maximum: minimum, isMaximumExclusive: !isMinimumExclusive) }
        return NumberRange(minimum: maximum, isMinimumExclusive: !isMaximumExclusive)
    }

    /// The parts of the range that lie between some numbers.
    func without(_ numbers: some Collection<DecimalNumber>) -> [NumberRange] {
        var parts: [NumberRange] = []
        var rest = self
        for number in numbers.sorted() where rest.contains(number) {
            parts.append(rest.intersection(NumberRange(maximum: number, isMaximumExclusive: true)))
            rest = rest.intersection(NumberRange(minimum: number, isMinimumExclusive: true))
        }
        return (parts + [rest]).filter { !$0.isEmpty }
    }
}

extension DecimalNumber {
    /// Digits of a divisor that remainders are counted with.
    static let divisorDigits = 37

    /// Whether the number is a whole number of times another.
    ///
    /// - Precondition: The divisor is above zero, and ``isDivisor``.
    func isMultiple(of divisor: DecimalNumber) -> Bool {
        // A multiple has no more digits behind the point than its divisor.
        guard fractionDigits.count <= divisor.fractionDigits.count else { return false }
        var value: UInt128 = 0
        for digit in divisor.wholeDigits + divisor.fractionDigits { value = value * 10 + UInt128(digit) }
        var remainder: UInt128 = 0
        let zeros = [UInt8](repeating: 0, count: divisor.fractionDigits.count - fractionDigits.count)
        for digit in wholeDigits + fractionDigits + zeros { remainder = (remainder * 10 + UInt128(digit)) % value }
        return remainder == 0
    }

    /// Whether remainders of the divisor can be told.
    var isDivisor: Bool { wholeDigits.count + fractionDigits.count <= Self.divisorDigits }
}
