/// What the ledger's amounts are in: a name for people, such as ISO 4217's `EUR`, or `CREDITS`.
package struct Currency: Sendable, Hashable {
    package static let maximumLength = 12
    /// The currency of a ledger that nobody named one for.
    package static let initial = Currency(unchecked: "USD")

    package let code: String

    /// - Returns: nil for a text that is not 3 to ``maximumLength`` capital ASCII letters.
    package init?(_ code: String) {
        guard (3...Self.maximumLength).contains(code.utf8.count),
            code.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        self.code = code
    }

    private init(unchecked code: String) {
        self.code = code
    }
}
