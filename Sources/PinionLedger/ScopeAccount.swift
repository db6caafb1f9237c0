/// What one scope has spent and reserved, in memory.
struct ScopeAccount: Sendable {
    /// What budgets are counted in.
    enum Period: Sendable, Hashable {
        case day(Int)
        case month(Int)
        case total
    }

    /// What a period's budget is used for.
    private struct Use {
        var spent = Spent.Amount()
        /// Of requests that run.
        var reserved = Spent.Amount()
        /// Requests that run and were admitted in the period, also those that have reserved nothing yet.
        var running = 0

        /// Spent and reserved together.
        var taken: Spent.Amount {
            var taken = spent
            taken.add(reserved)
            return taken
        }
    }

    /// Requests that run.
    var running: Int { uses[.total]?.running ?? 0 }
    private(set) var requests: RateBucket?
    private(set) var tokens: RateBucket?
    private var uses: [Period: Use] = [:]

    /// Time after which a place or a reservation may have come back: most requests are short, and no end is known.
    private static let retryDelay = Duration.seconds(1)

    init(spent: Spent, on day: LedgerCalendar.Day) {
        uses[.day(day.day)] = Use(spent: spent.day)
        uses[.month(day.month)] = Use(spent: spent.month)
        uses[.total] = Use(spent: spent.total)
    }

    /// Takes over the limits of an admission that happens now.
    mutating func adopt(_ limits: Limits, on day: LedgerCalendar.Day, now: ContinuousClock.Instant) {
        Self.adopt(limits[.requestsPerMinute], &requests, now)
        Self.adopt(limits[.tokensPerMinute], &tokens, now)
        // A period that is over stays while a request of it runs, because its reservation has to meet what it has spent.
        let current: Set<Period> = [.day(day.day), .month(day.month), .total]
        if uses.count > current.count {
            uses = uses.filter { current.contains($0.key) || $0.value.running > 0 }
        }
    }

    private static func adopt(_ limit: Int?, _ bucket: inout RateBucket?, _ now: ContinuousClock.Instant) {
        guard let limit else { return bucket = nil }
        if bucket == nil { bucket = RateBucket(capacity: limit, now: now) } else { bucket?.adopt(limit, now: now) }
    }

    // MARK: - Requests

    /// - Returns: Why one more request may not begin; nil where it may.
    mutating func refusal(_ scope: LimitedScope, on day: LedgerCalendar.Day, now: ContinuousClock.Instant) -> Refusal? {
        if let most = scope.limits[.concurrentRequests], running >= most {
            return Refusal(
                .concurrency, scope: scope.scope, limit: .concurrentRequests, value: most,
                retryAfter: most == 0 ? nil : Self.retryDelay)
        }
        if let rate = requests?.capacity {
            let wait = requests?.wait(for: 1, now: now)
            if wait != .some(.zero) {
                return Refusal(
                    .requestRate, scope: scope.scope, limit: .requestsPerMinute, value: rate, retryAfter: wait)
            }
        }
        // A spent budget is told before any work for the prompt; one token is the least that a request takes.
        return budgetRefusal(scope, on: day, Spent.Amount(tokens: 1))
    }

    mutating func begin(on day: LedgerCalendar.Day) {
        for period in Self.periods(on: day) { uses[period, default: Use()].running += 1 }
        requests?.draw(1)
    }

    /// - Parameter isRefused: Whether the request counts as one that never began.
    mutating func end(on day: LedgerCalendar.Day, isRefused: Bool) {
        for period in Self.periods(on: day) { uses[period, default: Use()].running -= 1 }
        if isRefused { requests?.refund(1) }
    }

    // MARK: - Tokens and money

    /// - Returns: Why an amount cannot be reserved; nil where it can.
    mutating func refusal(
        _ scope: LimitedScope, on day: LedgerCalendar.Day, reserving amount: Spent.Amount, now: ContinuousClock.Instant
    ) -> Refusal? {
        if let rate = tokens?.capacity {
            guard let wait = tokens?.wait(for: amount.tokens, now: now) else {
                return Refusal(
                    .tooLarge, scope: scope.scope, limit: .tokensPerMinute, value: rate, needed: amount.tokens)
            }
            if wait > .zero {
                return Refusal(
                    .tokenRate, scope: scope.scope, limit: .tokensPerMinute, value: rate, needed: amount.tokens,
                    left: tokens?.state(now: now).remaining, retryAfter: wait)
            }
        }
        return budgetRefusal(scope, on: day, amount)
    }

    private func budgetRefusal(
        _ scope: LimitedScope, on day: LedgerCalendar.Day, _ amount: Spent.Amount
    ) -> Refusal? {
        for (limit, period) in Self.budgets(on: day) {
            guard let value = scope.limits[limit] else { continue }
            let use = uses[period] ?? Use()
            let (reserved, needed) = (use.reserved[limit], amount[limit])
            let unspent = value - use.spent[limit]
            // A budget of money that is used up refuses what costs nothing, too: otherwise it would never be felt.
            if needed > unspent || unspent <= 0 {
                return Refusal(
                    .budget, scope: scope.scope, limit: limit, value: value, needed: needed, left: max(unspent, 0))
            }
            if needed > unspent - reserved {
                return Refusal(
                    .reserved, scope: scope.scope, limit: limit, value: value, needed: needed,
                    left: max(unspent - reserved, 0), retryAfter: Self.retryDelay)
            }
        }
        return nil
    }

    /// Tokens of a reply that the budgets have room for, of a wanted number; each costs `price`.
    func room(_ scope: LimitedScope, on day: LedgerCalendar.Day, for wanted: Int, price: Int) -> Int {
        Self.budgets(on: day).reduce(wanted) { room, budget in
            guard let value = scope.limits[budget.limit] else { return room }
            let use = uses[budget.period] ?? Use()
            let cost = budget.limit.isMoney ? price : 1
            guard cost > 0 else { return room }
            return min(room, max(0, value - use.taken[budget.limit]) / cost)
        }
    }

    mutating func reserve(_ amount: Spent.Amount, on day: LedgerCalendar.Day) {
        tokens?.draw(amount.tokens)
        for period in Self.periods(on: day) { uses[period, default: Use()].reserved.add(amount) }
    }

    /// Turns what was reserved into what was spent.
    mutating func settle(reserved: Spent.Amount, spent: Spent.Amount, on day: LedgerCalendar.Day) {
        tokens?.refund(reserved.tokens - spent.tokens)
        for period in Self.periods(on: day) {
            uses[period, default: Use()].reserved.subtract(reserved)
            uses[period, default: Use()].spent.add(spent)
        }
    }

    // MARK: - What is told

    /// The budgets of which at least `threshold` percent are spent or reserved.
    func levels(
        _ scope: LimitedScope, on day: LedgerCalendar.Day, from threshold: Int
    ) -> [(limit: Limit, percent: Int)] {
        Self.budgets(on: day).compactMap { limit, period in
            guard let value = scope.limits[limit], value > 0 else { return nil }
            let percent = Int(Double((uses[period] ?? Use()).taken[limit]) / Double(value) * 100)
            return percent >= threshold ? (limit, percent) : nil
        }
    }

    /// What was spent in a day, its month and over all time.
    func spent(on day: LedgerCalendar.Day) -> Spent {
        func spent(_ period: Period) -> Spent.Amount { uses[period]?.spent ?? Spent.Amount() }
        return Spent(day: spent(.day(day.day)), month: spent(.month(day.month)), total: spent(.total))
    }

    /// What is reserved for requests that run.
    var reserved: Spent.Amount { uses[.total]?.reserved ?? Spent.Amount() }

    mutating func rates(now: ContinuousClock.Instant) -> (requests: RateState?, tokens: RateState?) {
        (requests?.state(now: now), tokens?.state(now: now))
    }

    private static func budgets(on day: LedgerCalendar.Day) -> [(limit: Limit, period: Period)] {
        [
            (.dailyTokens, .day(day.day)), (.monthlyTokens, .month(day.month)), (.dailyMoney, .day(day.day)),
            (.monthlyMoney, .month(day.month)), (.credit, .total),
        ]
    }

    private static func periods(on day: LedgerCalendar.Day) -> [Period] {
        [.day(day.day), .month(day.month), .total]
    }
}

extension Spent.Amount {
    mutating func add(_ other: Spent.Amount) {
        tokens = Prices.sum(tokens, other.tokens)
        money = Prices.sum(money, other.money)
    }

    mutating func subtract(_ other: Spent.Amount) {
        tokens -= other.tokens
        money -= other.money
    }

    /// What a budget counts of it.
    subscript(_ limit: Limit) -> Int { limit.isMoney ? money : tokens }
}
