package import PinionJSON

/// An exact decimal number of bounded length, as JSON spells it.
///
/// Bounds and divisors of schemas are compared and divided digit by digit: as doubles, `0.3` would be no multiple of `0.1`,
/// and large integers would lose their last digits.
///
///     try DecimalNumber("1.50e2") == DecimalNumber("150")   // true
package struct DecimalNumber: Sendable, Hashable {
    package let isNegative: Bool
    /// The digits from the first to the last that is not 0, each `0...9`; none for zero.
    let digits: [UInt8]
    /// How many digits stand in front of the point: the value is `0.digits` times ten to this power.
    let pointOffset: Int

    package static let zero = DecimalNumber(isNegative: false, digits: [], pointOffset: 0)

    /// Leading and trailing zeros are dropped.
    private init(isNegative: Bool, digits: [UInt8], pointOffset: Int) {
        let leading = digits.prefix { $0 == 0 }.count
        var kept = digits.dropFirst(leading)
        while kept.last == 0 { kept.removeLast() }
        self.isNegative = isNegative && !kept.isEmpty
        self.digits = Array(kept)
        self.pointOffset = kept.isEmpty ? 0 : pointOffset - leading
    }

    /// Reads a number of JSON's grammar.
    ///
    /// Throws `invalid` for another text, `limit` for a number with more than ``GrammarLimits/decimalDigits`` digits in front
    /// of its point or behind it.
    package init(_ spelling: String) throws(GrammarError) {
        var rest = Array(spelling.utf8)[...]
        func digits() -> [UInt8] {
            let found = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(found.count)
            return found.map { $0 - 0x30 }
        }
        func skip(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        let isNegative = skip("-")
        let whole = digits()
        var isWellFormed = !whole.isEmpty && (whole.count == 1 || whole[0] != 0)
        var fraction: [UInt8] = []
        if skip(".") {
            fraction = digits()
            isWellFormed = isWellFormed && !fraction.isEmpty
        }
        var exponent = 0
        if skip("eE") {
            let isNegativeExponent = skip("-")
            if !isNegativeExponent { _ = skip("+") }
            let power = digits()
            isWellFormed = isWellFormed && !power.isEmpty
            // Far beyond the limit all exponents are alike.
            for digit in power { exponent = min(exponent * 10 + Int(digit), 1 << 32) }
            if isNegativeExponent { exponent = -exponent }
        }
        guard isWellFormed, rest.isEmpty else {
            throw GrammarError(.invalid, "\(spelling.prefix(40).debugDescription) is no number of JSON")
        }
        self.init(isNegative: isNegative, digits: whole + fraction, pointOffset: whole.count + exponent)
        let limit = GrammarLimits.decimalDigits
        guard pointOffset <= limit, self.digits.count - pointOffset <= limit else {
            throw GrammarError(
                .limit,
                "the number \(spelling.prefix(40)) has more than \(limit) digits in front of its point or behind it")
        }
    }

    /// A number of a JSON tree; nil for another value. A number that was read as a double is the shortest decimal number that
    /// reads as that double: what its author wrote, up to 15 digits.
    package init?(_ value: JSONValue) throws(GrammarError) {
        switch value {
        case .integer(let integer): try self.init("\(integer)")
        case .bigInteger(let spelling): try self.init(spelling)
        case .decimal(let double): try self.init("\(double)")
        default: return nil
        }
    }

    package init(_ integer: Int) {
        let isNegative = integer < 0
        let digits = String(integer.magnitude).utf8.map { $0 - 0x30 }
        self.init(isNegative: isNegative, digits: digits, pointOffset: digits.count)
    }

    package var isZero: Bool { digits.isEmpty }
    package var isInteger: Bool { digits.count <= pointOffset }
    var magnitude: DecimalNumber { DecimalNumber(isNegative: false, digits: digits, pointOffset: pointOffset) }

    /// The digits in front of the point, without leading zeros: none for a number below 1.
    var wholeDigits: [UInt8] {
        guard pointOffset > 0 else { return [] }
        return Array(digits.prefix(pointOffset)) + Array(repeating: 0, count: max(0, pointOffset - digits.count))
    }

    /// The digits behind the point, without trailing zeros.
    var fractionDigits: [UInt8] {
        Array(repeating: 0, count: isZero ? 0 : max(0, -pointOffset)) + Array(digits.dropFirst(max(0, pointOffset)))
    }
}

extension DecimalNumber: Comparable {
    package static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.isCloserToZero(than: left) : left.isCloserToZero(than: right)
    }

    private func isCloserToZero(than other: DecimalNumber) -> Bool {
        if isZero || other.isZero { return isZero && !other.isZero }
        if pointOffset != other.pointOffset { return pointOffset < other.pointOffset }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}

extension DecimalNumber: CustomStringConvertible {
    /// Without an exponent.
    package var description: String {
        let whole = wholeDigits.map(String.init).joined()
        let fraction = fractionDigits.map(String.init).joined()
        return (isNegative ? "-" : "") + (whole.isEmpty ? "0" : whole) + (fraction.isEmpty ? "" : "." + fraction)
    }
}
