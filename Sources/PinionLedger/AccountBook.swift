/// The accounts of all scopes with requests since the start: what each has spent and reserved. A state machine, whose caller
/// gives the instants.
///
/// A request claims in two steps, because its prompt is not known at first: ``begin(_:now:)`` takes a place, and
/// ``reserve(_:promptTokens:outputTokens:now:)`` tokens and money. Each takes from every scope or from none. A reply that
/// grows beyond its reservation extends it, and ``settle(_:tokens:cost:)`` turns what was reserved into what was spent. What
/// scopes have spent and reserved together never exceeds a budget.
package struct AccountBook: Sendable {
    /// A request's hold on its scopes.
    package struct Claim: Sendable, Equatable {
        fileprivate let id: UInt64
    }

    /// What a request asks for before its prompt is known.
    package struct Request: Sendable {
        package var scopes: [LimitedScope]
        package var prices: Prices
        /// The day of the admission, which the request is counted in however long it runs.
        package var day: LedgerCalendar.Day

        package init(scopes: [LimitedScope], prices: Prices, day: LedgerCalendar.Day) {
            (self.scopes, self.prices, self.day) = (scopes, prices, day)
        }
    }

    private struct Hold {
        var request: Request
        var reserved = Spent.Amount()
    }

    private var accounts: [Scope: ScopeAccount] = [:]
    private var holds: [UInt64: Hold] = [:]
    private var nextID: UInt64 = 1

    package init() {}

    /// The scopes whose earlier use was not read from the database yet.
    package func unknown(of scopes: [LimitedScope]) -> [Scope] {
        scopes.map(\.scope).filter { accounts[$0] == nil }
    }

    /// Takes over what a scope spent before the start; what is known already stands.
    package mutating func learn(_ scope: Scope, _ spent: Spent, on day: LedgerCalendar.Day) {
        if accounts[scope] == nil { accounts[scope] = ScopeAccount(spent: spent, on: day) }
    }

    // MARK: - A request's life

    /// Takes a place for a request in each of its scopes.
    ///
    /// - Precondition: Every scope is known.
    /// - Throws: ``Refusal`` of the first scope that has none; nothing is taken then.
    package mutating func begin(_ request: Request, now: ContinuousClock.Instant) throws(Refusal) -> Claim {
        for scope in request.scopes {
            let refusal = with(scope) { account in
                account.adopt(scope.limits, on: request.day, now: now)
                return account.refusal(scope, on: request.day, now: now)
            }
            if let refusal { throw refusal }
        }
        for scope in request.scopes { with(scope) { $0.begin(on: request.day) } }
        let claim = Claim(id: nextID)
        nextID += 1
        holds[claim.id] = Hold(request: request)
        return claim
    }

    /// Reserves a prompt and the beginning of its replies, at the price of a prompt without cached tokens.
    ///
    /// - Throws: ``Refusal``; nothing is reserved then, and the claim stands until ``release(_:)``.
    package mutating func reserve(
        _ claim: Claim, promptTokens: Int, outputTokens: Int, now: ContinuousClock.Instant
    ) throws(Refusal) {
        guard let hold = holds[claim.id] else { preconditionFailure("a claim reserves after its end") }
        let amount = Spent.Amount(
            tokens: promptTokens + outputTokens,
            money: hold.request.prices.bound(input: promptTokens, output: outputTokens))
        for scope in hold.request.scopes {
            let refusal = with(scope) { $0.refusal(scope, on: hold.request.day, reserving: amount, now: now) }
            if let refusal { throw refusal }
        }
        add(amount, to: claim)
    }

    /// Reserves more tokens of a reply, as many of the wanted ones as every budget has room for.
    ///
    /// Rates per minute do not end a reply: they are drawn below zero, and what comes next waits for it.
    package mutating func extend(_ claim: Claim, by wanted: Int) -> Int {
        guard let hold = holds[claim.id] else { return 0 }
        let price = hold.request.prices.output
        let room = hold.request.scopes.reduce(wanted) { room, scope in
            min(room, accounts[scope.scope]?.room(scope, on: hold.request.day, for: wanted, price: price) ?? 0)
        }
        guard room > 0 else { return 0 }
        add(Spent.Amount(tokens: room, money: hold.request.prices.bound(input: 0, output: room)), to: claim)
        return room
    }

    /// Ends a request: what it took is spent, and the rest of its reservation goes back.
    package mutating func settle(_ claim: Claim, tokens: Int, cost: Int) {
        end(claim, spent: Spent.Amount(tokens: tokens, money: cost), isRefused: false)
    }

    /// Ends a request that was refused after it began: it took nothing, and does not count in the rate of requests.
    package mutating func release(_ claim: Claim) {
        end(claim, spent: Spent.Amount(), isRefused: true)
    }

    private mutating func end(_ claim: Claim, spent: Spent.Amount, isRefused: Bool) {
        guard let hold = holds.removeValue(forKey: claim.id) else { return }
        for scope in hold.request.scopes {
            with(scope) { account in
                account.settle(reserved: hold.reserved, spent: spent, on: hold.request.day)
                account.end(on: hold.request.day, isRefused: isRefused)
            }
        }
    }

    private mutating func add(_ amount: Spent.Amount, to claim: Claim) {
        guard let hold = holds[claim.id] else { return }
        for scope in hold.request.scopes { with(scope) { $0.reserve(amount, on: hold.request.day) } }
        holds[claim.id]?.reserved.add(amount)
    }

    @discardableResult
    private mutating func with<T>(_ scope: LimitedScope, _ body: (inout ScopeAccount) -> T) -> T {
        guard var account = accounts.removeValue(forKey: scope.scope) else {
            preconditionFailure("a scope is used before it is known")
        }
        defer { accounts[scope.scope] = account }
        return body(&account)
    }
}

// MARK: - What is told

extension AccountBook {
    /// The rates of a request's scopes with the least left of each.
    package mutating func rates(
        of claim: Claim, now: ContinuousClock.Instant
    ) -> (requests: RateState?, tokens: RateState?) {
        guard let hold = holds[claim.id] else { return (nil, nil) }
        let all = hold.request.scopes.map { scope in with(scope) { $0.rates(now: now) } }
        func tightest(_ states: [RateState]) -> RateState? { states.min { $0.remaining < $1.remaining } }
        return (tightest(all.compactMap(\.requests)), tightest(all.compactMap(\.tokens)))
    }

    /// A budget that is nearly spent.
    package struct Level: Sendable, Equatable {
        package let scope: Scope
        package let limit: Limit
        /// Percent of the budget that are spent or reserved.
        package let percent: Int
    }

    /// The budgets of a request's scopes of which at least `threshold` percent are spent or reserved.
    package func levels(of claim: Claim, from threshold: Int) -> [Level] {
        guard let hold = holds[claim.id] else { return [] }
        return hold.request.scopes.flatMap { scope in
            (accounts[scope.scope]?.levels(scope, on: hold.request.day, from: threshold) ?? []).map {
                Level(scope: scope.scope, limit: $0.limit, percent: $0.percent)
            }
        }
    }

    /// What a scope has spent, and what is reserved for its requests that run; nil for a scope that is not known yet.
    package func use(of scope: Scope, on day: LedgerCalendar.Day) -> ScopeUse? {
        accounts[scope].map { ScopeUse(spent: $0.spent(on: day), reserved: $0.reserved, running: $0.running) }
    }

    /// Requests that hold a claim.
    package var claims: Int { holds.count }
    /// Tokens that are reserved for them.
    package var reservedTokens: Int { holds.values.reduce(0) { $0 + $1.reserved.tokens } }
}
