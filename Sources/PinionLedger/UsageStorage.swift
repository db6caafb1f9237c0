/// Where settled rows are kept for good, and budgets are remembered over restarts.
package protocol UsageStorage: Sendable {
    /// What amounts are in.
    var currency: Currency { get }
    /// Adds rows in one transaction that survives a power loss once this returns. A row whose request id is known already
    /// is left alone, so that a replay counts nothing twice.
    func fold(_ rows: [UsageRow]) throws
    /// What a scope has taken in a day, in a month, and over all time.
    func spent(by scope: Scope, on day: LedgerCalendar.Day) throws -> Spent
    /// The latest day that a row was counted in; nil for an empty ledger.
    func latestDay() throws -> LedgerCalendar.Day?
}

/// What a scope has taken.
package struct Spent: Sendable, Equatable {
    package struct Amount: Sendable, Equatable {
        package var tokens: Int
        /// Nano-units.
        package var money: Int

        package init(tokens: Int = 0, money: Int = 0) {
            (self.tokens, self.money) = (tokens, money)
        }
    }

    package var day: Amount
    package var month: Amount
    package var total: Amount

    package init(day: Amount = Amount(), month: Amount = Amount(), total: Amount = Amount()) {
        (self.day, self.month, self.total) = (day, month, total)
    }
}

/// What a scope has spent, and what is reserved for its requests that run.
package struct ScopeUse: Sendable, Equatable {
    package let spent: Spent
    package let reserved: Spent.Amount
    /// Requests that run.
    package let running: Int
}
