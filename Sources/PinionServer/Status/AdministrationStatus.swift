/// What the store and the ledger say for the status page.
package struct AdministrationStatus: Sendable {
    /// What a key took today.
    package struct KeyUse: Sendable {
        package var key: String
        package var owner: String
        package var requests: Int
        package var inputTokens: Int
        package var cachedTokens: Int
        package var outputTokens: Int
        /// A decimal number in the ledger's currency, with all of its digits.
        package var cost: String

        package init(
            key: String, owner: String, requests: Int, inputTokens: Int, cachedTokens: Int, outputTokens: Int,
            cost: String
        ) {
            (self.key, self.owner, self.requests) = (key, owner, requests)
            (self.inputTokens, self.cachedTokens, self.outputTokens) = (inputTokens, cachedTokens, outputTokens)
            self.cost = cost
        }
    }

    package struct Ledger: Sendable {
        /// Requests that hold a reservation, and the tokens that are reserved for them.
        package var running: Int
        package var reservedTokens: Int
        /// Bytes of rows that are not in the database yet, and those that there is room for.
        package var journalBytes: Int
        package var journalFreeBytes: Int
        package var lastFold: Duration
        /// Why the journal cannot be folded into the database; nil while it can.
        package var failure: String?

        package init(
            running: Int, reservedTokens: Int, journalBytes: Int, journalFreeBytes: Int, lastFold: Duration,
            failure: String?
        ) {
            (self.running, self.reservedTokens) = (running, reservedTokens)
            (self.journalBytes, self.journalFreeBytes) = (journalBytes, journalFreeBytes)
            (self.lastFold, self.failure) = (lastFold, failure)
        }
    }

    package var version: String
    /// The ledger's day.
    package var day: String
    /// The keys that took most today, the most first.
    package var keys: [KeyUse]
    /// Keys that took something today, too, and are not in the list.
    package var keysLeftOff: Int
    /// Names by identifier.
    package var keyNames: [String: String]
    package var ledger: Ledger

    package init(
        version: String, day: String, keys: [KeyUse], keysLeftOff: Int, keyNames: [String: String], ledger: Ledger
    ) {
        (self.version, self.day, self.keys, self.keysLeftOff) = (version, day, keys, keysLeftOff)
        (self.keyNames, self.ledger) = (keyNames, ledger)
    }
}
