/// Writes nano-units of a currency as decimal units of it.
package enum Money {
    private static let digits = 9
    /// Digits behind the point that are written although they are zeros.
    private static let fewestDigits = 2

    /// All digits that are not trailing zeros, but two behind the point at least: `12.50`, `0.0000015`.
    package static func text(_ nanoUnits: Int) -> String {
        let all = String(nanoUnits.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - all.count)) + all
        var fraction = padded.suffix(digits)
        while fraction.count > fewestDigits, fraction.hasSuffix("0") { fraction.removeLast() }
        return (nanoUnits < 0 ? "-" : "") + padded.dropLast(digits) + "." + fraction
    }
}
