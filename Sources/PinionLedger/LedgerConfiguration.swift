package import Foundation

/// How a ledger is kept.
package struct LedgerConfiguration: Sendable {
    /// Where its files lie.
    package var directory: String
    package var durability = Durability.process
    /// The time zone of days and months.
    package var timeZone = TimeZone.gmt
    /// Bytes of each of the two files of the journal: some 20,000 rows.
    package var segmentSize = 8 << 20
    /// Requests that can run at one time; more are refused.
    package var concurrentRequests = 1_024
    /// Percent of a budget from which on replies warn.
    package var warningPercent = 80
    /// Hears what the operator has to know: that rows cannot be written, or can again, and what was found damaged.
    package var onTrouble: @Sendable (String) -> Void = { _ in }
    /// The wall clock.
    package var clock: @Sendable () -> Date = { Date() }

    package init(directory: String) {
        self.directory = directory
    }
}

/// A request before it is admitted, with whatever its row tells of it.
package struct LedgerRequest: Sendable {
    package var id: String
    package var account: Account
    package var terms: ModelTerms
    package var model: String
    package var route: String
    package var user = ""
    package var metadata = ""
    package var retryCount = 0

    package init(id: String, account: Account, terms: ModelTerms, model: String, route: String) {
        (self.id, self.account, self.terms, self.model, self.route) = (id, account, terms, model, route)
    }

    /// Whose limits hold for it.
    var scopes: [LimitedScope] {
        var scopes = [LimitedScope(.key(account.key), account.limits)]
        if !account.owner.isEmpty { scopes.append(LimitedScope(.owner(account.owner), account.ownerLimits)) }
        scopes.append(LimitedScope(.model(model), terms.limits))
        return scopes
    }
}
