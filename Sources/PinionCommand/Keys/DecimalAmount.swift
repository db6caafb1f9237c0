/// A decimal number that people write, as a whole number of its smallest parts: `1.50` with 9 digits is 1,500,000,000.
///
/// Never a `Double`, in which 0.1 is not a tenth.
package enum DecimalAmount {
    /// - Parameters:
    ///   - text: Digits, and after a point at most `digits` others.
    ///   - maximum: The largest number of parts.
    /// - Returns: nil for anything else.
    package static func parts(of text: String, digits: Int, maximum: Int) -> Int? {
        let sides = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let (whole, fraction) = (Array(sides[0]), sides.count > 1 ? Array(sides[1]) : [])
        guard !whole.isEmpty, fraction.count <= digits, sides.count == 1 || !fraction.isEmpty else { return nil }
        var value = 0
        for digit in whole + fraction + Array(repeating: UInt8(ascii: "0"), count: digits - fraction.count) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            guard !overflows, product <= maximum else { return nil }
            value = product + Int(digit - UInt8(ascii: "0"))
        }
        return value <= maximum ? value : nil
    }

    /// Digits behind the point that are written although they are zeros.
    private static let fewestDigits = 2

    /// The number as people write it: with two digits after the point, or as many as it takes.
    package static func text(_ parts: Int, digits: Int) -> String {
        let all = String(parts.magnitude)
        let padded = String(repeating: "0", count: max(digits + 1 - all.count, 0)) + all
        var fraction = padded.suffix(digits)
        while fraction.count > fewestDigits, fraction.hasSuffix("0") { fraction.removeLast() }
        return (parts < 0 ? "-" : "") + padded.dropLast(digits) + "." + fraction
    }
}
