/// A decimal divisor, as an integer over a power of ten.
struct DecimalDivisor {
    /// The divisor times ten to the power of ``fractionDigits``; not a multiple of ten unless the latter is 0.
    private let numerator: Int
    /// How many digits behind the point a multiple can need.
    let fractionDigits: Int

    /// The divisor whose multiples are the common multiples of all of these.
    ///
    /// Throws `invalid` for a divisor that is not above zero, `limit` for a common multiple beyond 64 bits.
    init(commonMultipleOf divisors: [DecimalNumber]) throws(GrammarError) {
        let scale = divisors.reduce(0) { max($0, $1.fractionDigits.count) }
        var common = 1
        for divisor in divisors {
            guard !divisor.isNegative, !divisor.isZero else {
                throw GrammarError(.invalid, "a divisor has to be above zero, not \(divisor)")
            }
            let fraction = divisor.fractionDigits
            var value = 0
            let zeros = [UInt8](repeating: 0, count: scale - fraction.count)
            for digit in divisor.wholeDigits + fraction + zeros {
                value = try Self.checked(value.multipliedReportingOverflow(by: 10))
                value = try Self.checked(value.addingReportingOverflow(Int(digit)))
            }
            var (a, b) = (common, value)
            while b != 0 { (a, b) = (b, a % b) }
            common = try Self.checked((common / a).multipliedReportingOverflow(by: value))
        }
        var fractionDigits = scale
        while fractionDigits > 0, common % 10 == 0 {
            common /= 10
            fractionDigits -= 1
        }
        numerator = common
        self.fractionDigits = fractionDigits
    }

    private static func checked(_ result: (partialValue: Int, overflow: Bool)) throws(GrammarError) -> Int {
        guard !result.overflow else { throw tooLarge }
        return result.partialValue
    }

    private static let tooLarge = GrammarError(
        .limit, "multiples are told by their remainders, and the divisors have too many digits for that")

    /// The digits, perhaps with a point, that spell a multiple; the whole part may begin with zeros.
    func multiples() throws(GrammarError) -> ByteAutomaton {
        // Tens of a divisor are zeros at the end of its multiples, and cost no remainders.
        var remainders = numerator
        var zeros = 0
        while remainders % 10 == 0 {
            remainders /= 10
            zeros += 1
        }
        let (states, overflow) = remainders.multipliedReportingOverflow(by: fractionDigits + 1)
        guard !overflow, states <= GrammarLimits.automatonStates else { throw Self.tooLarge }
        let multiples = try multiples(of: remainders)
        if zeros == 0 { return multiples }
        let zero = ByteAutomaton.text("0")
        return try .union([zero, .concatenation([multiples, zero.repeated(zeros, zeros)])])
    }

    /// The state behind some digits is their remainder, and how many of them stand behind the point.
    private func multiples(of divisor: Int) throws(GrammarError) -> ByteAutomaton {
        let symbols = DecimalSymbols()
        var table = StateTable(symbolCount: symbols.classes.count)
        // `factor` is what the digits still to come would multiply the remainder by if they were zeros.
        var factors = [1]
        for _ in 0..<fractionDigits { factors.append(factors[factors.count - 1] * 10 % divisor) }
        for place in 0...fractionDigits {
            for remainder in 0..<divisor {
                let isMultiple = remainder * factors[fractionDigits - place] % divisor == 0
                let state = Int(try table.addState(accepting: isMultiple))
                try checkCancellation(step: state)
                guard place == 0 || place < fractionDigits else { continue }
                for digit in 0..<10 {
                    let next = (remainder * 10 + digit) % divisor + (place == 0 ? 0 : place + 1) * divisor
                    table.transitions[state * table.symbolCount + symbols.digit(digit)] = Int32(next)
                }
            }
        }
        if fractionDigits > 0 { try addPoints(to: &table, divisor, symbols) }
        return try ByteAutomaton(minimising: table, classes: symbols.classes)
    }

    /// Adds the states behind the point itself, which has to be followed by a digit.
    private func addPoints(
        to table: inout StateTable, _ divisor: Int, _ symbols: DecimalSymbols
    ) throws(GrammarError) {
        for remainder in 0..<divisor {
            let point = Int(try table.addState(accepting: false))
            table.transitions[remainder * table.symbolCount + symbols.point] = Int32(point)
            for digit in 0..<10 {
                table.transitions[point * table.symbolCount + symbols.digit(digit)] = Int32(
                    (remainder * 10 + digit) % divisor + divisor)
            }
        }
    }
}
