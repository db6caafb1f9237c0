/// Amounts of money as people read them.
package enum Money {
    /// Digits behind the point: amounts are kept in nano-units of their currency.
    package static let digits = 9

    /// `12.50`, `0.0000015`.
    package static func text(_ nanoUnits: Int) -> String { DecimalAmount.text(nanoUnits, digits: digits) }
}
