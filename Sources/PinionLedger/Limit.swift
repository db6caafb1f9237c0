/// What can be limited for a key, an owner or a model; the raw value is its name in commands, files and the database.
package enum Limit: String, Sendable, CaseIterable {
    /// Requests that begin within a minute.
    case requestsPerMinute = "requests_per_minute"
    /// Tokens of prompts and replies within a minute.
    case tokensPerMinute = "tokens_per_minute"
    /// Requests that run at one time.
    case concurrentRequests = "concurrent_requests"
    /// Tokens of prompts and replies in a day of the ledger's calendar.
    case dailyTokens = "daily_tokens"
    /// Tokens of prompts and replies in a month of the ledger's calendar.
    case monthlyTokens = "monthly_tokens"
    /// Nano-units of the currency in a day.
    case dailyMoney = "daily_money"
    /// Nano-units of the currency in a month.
    case monthlyMoney = "monthly_money"
    /// Nano-units of the currency that were paid in advance, over all time.
    case credit
    /// Tokens of one choice of a reply. It is no budget: a reply ends there, and nothing is refused.
    case outputTokens = "output_tokens"

    /// Whether the limit counts nano-units of the currency.
    package var isMoney: Bool {
        switch self {
        case .dailyMoney, .monthlyMoney, .credit: true
        default: false
        }
    }
}

/// The limits of a key, an owner or a model. One that is absent is unlimited; 0 allows nothing.
package struct Limits: Sendable, Equatable {
    /// Largest value of a limit: the largest whole number that every JSON reader takes as it is.
    package static let maximum = 1 << 53

    private var values: [Limit: Int]

    /// - Precondition: Every value is in 0 ... ``maximum``.
    package init(_ values: [Limit: Int] = [:]) {
        precondition(values.values.allSatisfy { (0...Self.maximum).contains($0) }, "a limit is out of range")
        self.values = values
    }

    package subscript(_ limit: Limit) -> Int? {
        get { values[limit] }
        set {
            precondition(newValue.map { (0...Self.maximum).contains($0) } ?? true, "a limit is out of range")
            values[limit] = newValue
        }
    }

    package var isEmpty: Bool { values.isEmpty }

    /// The union of both sets of limits; where both have a limit, the value is that of `own`.
    package func overridden(by own: Limits) -> Limits {
        Limits(values.merging(own.values) { $1 })
    }

    /// The limit, raised by a temporary increase; one that is absent stays unlimited.
    package func raised(_ limit: Limit, by amount: Int) -> Limits {
        guard let value = values[limit] else { return self }
        var raised = self
        raised[limit] = min(value + max(min(amount, Self.maximum), 0), Self.maximum)
        return raised
    }
}
