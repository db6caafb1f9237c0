import PinionLedger
import Testing

@Suite("Account book")
struct AccountBookTests {
    private static let day = LedgerCalendar.Day(day: 20_000, month: 24_300)
    private let start = ContinuousClock.now

    private func book(_ scopes: [LimitedScope], spent: Spent = Spent()) -> AccountBook {
        var book = AccountBook()
        for scope in book.unknown(of: scopes) { book.learn(scope, spent, on: Self.day) }
        return book
    }

    private func scope(_ limits: [Limit: Int], _ scope: Scope = .key("a")) -> LimitedScope {
        LimitedScope(scope, Limits(limits))
    }

    private func request(
        _ scopes: [LimitedScope], prices: Prices = .free, day: LedgerCalendar.Day = Self.day
    ) -> AccountBook.Request {
        AccountBook.Request(scopes: scopes, prices: prices, day: day)
    }

    private func refusal(_ body: () throws(Refusal) -> Void) -> Refusal? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("Requests in a minute are counted, and come back evenly")
    func requestRate() throws {
        let scopes = [scope([.requestsPerMinute: 2])]
        var book = book(scopes)
        for _ in 0..<2 { book.settle(try book.begin(request(scopes), now: start), tokens: 0, cost: 0) }
        let refused = refusal { () throws(Refusal) in _ = try book.begin(request(scopes), now: start) }
        #expect(refused?.reason == .requestRate)
        #expect(refused?.retryAfter == .seconds(30))
        #expect(refused?.value == 2)
        _ = try book.begin(request(scopes), now: start + .seconds(30))
    }

    @Test("A refused request does not count in the rate")
    func refund() throws {
        let scopes = [scope([.requestsPerMinute: 1, .dailyTokens: 10])]
        var book = book(scopes)
        let claim = try book.begin(request(scopes), now: start)
        let refused = refusal { () throws(Refusal) in
            try book.reserve(claim, promptTokens: 8, outputTokens: 3, now: start)
        }
        #expect(refused?.reason == .budget)
        #expect(refused?.needed == 11)
        #expect(refused?.left == 10)
        book.release(claim)
        _ = try book.begin(request(scopes), now: start)
    }

    @Test("Tokens in a minute are charged with the reservation and given back with the settlement")
    func tokenRate() throws {
        let scopes = [scope([.tokensPerMinute: 100])]
        var book = book(scopes)
        let first = try book.begin(request(scopes), now: start)
        try book.reserve(first, promptTokens: 20, outputTokens: 60, now: start)
        let second = try book.begin(request(scopes), now: start)
        let refused = refusal { () throws(Refusal) in
            try book.reserve(second, promptTokens: 20, outputTokens: 10, now: start)
        }
        #expect(refused?.reason == .tokenRate)
        #expect(refused?.left == 20)
        #expect(refused?.retryAfter == .seconds(6))
        book.settle(first, tokens: 25, cost: 0)
        try book.reserve(second, promptTokens: 20, outputTokens: 10, now: start)
        #expect(book.rates(of: second, now: start).tokens?.remaining == 45)
    }

    @Test("More than a minute's tokens can never be had, which is told apart")
    func tooLarge() throws {
        let scopes = [scope([.tokensPerMinute: 100])]
        var book = book(scopes)
        let claim = try book.begin(request(scopes), now: start)
        let refused = refusal { () throws(Refusal) in
            try book.reserve(claim, promptTokens: 60, outputTokens: 41, now: start)
        }
        #expect(refused?.reason == .tooLarge)
        #expect(refused?.retryAfter == nil)
    }

    @Test("Requests at one time are counted until they end")
    func concurrency() throws {
        let scopes = [scope([.concurrentRequests: 1])]
        var book = book(scopes)
        let claim = try book.begin(request(scopes), now: start)
        #expect(
            refusal { () throws(Refusal) in _ = try book.begin(request(scopes), now: start) }?.reason == .concurrency)
        book.settle(claim, tokens: 5, cost: 0)
        _ = try book.begin(request(scopes), now: start)
    }

    @Test("A limit of 0 allows nothing, and an absent one everything", arguments: Limit.allCases)
    func extremes(limit: Limit) throws {
        guard limit != .outputTokens else { return }
        let none = [scope([limit: 0])]
        var empty = book(none)
        let refused = refusal { () throws(Refusal) in
            let claim = try empty.begin(request(none, prices: Prices(input: 1, cachedInput: 1, output: 1)), now: start)
            try empty.reserve(claim, promptTokens: 1, outputTokens: 1, now: start)
        }
        #expect(refused?.limit == limit)
        let most = [scope([limit: Limits.maximum])]
        var full = book(most)
        let claim = try full.begin(request(most), now: start)
        try full.reserve(claim, promptTokens: 1 << 30, outputTokens: 1 << 30, now: start)
        full.settle(claim, tokens: 1 << 31, cost: 1 << 31)
    }

    @Test("Key, owner and model reserve all or nothing")
    func atomicity() throws {
        let scopes = [
            scope([.dailyTokens: 1_000]), scope([.dailyTokens: 1_000], .owner("o")),
            scope([.dailyTokens: 50], .model("m")),
        ]
        var book = book(scopes)
        let claim = try book.begin(request(scopes), now: start)
        #expect(
            refusal { () throws(Refusal) in
                try book.reserve(claim, promptTokens: 40, outputTokens: 20, now: start)
            }?.scope == .model("m"))
        for scope in scopes { #expect(book.use(of: scope.scope, on: Self.day)?.reserved == Spent.Amount()) }
        try book.reserve(claim, promptTokens: 40, outputTokens: 10, now: start)
        for scope in scopes { #expect(book.use(of: scope.scope, on: Self.day)?.reserved.tokens == 50) }
        book.settle(claim, tokens: 45, cost: 0)
        for scope in scopes {
            #expect(book.use(of: scope.scope, on: Self.day)?.reserved == Spent.Amount())
            #expect(book.use(of: scope.scope, on: Self.day)?.spent.total.tokens == 45)
        }
    }

    @Test("A budget that only reservations stand in the way of may come back, a spent one not")
    func reserved() throws {
        let scopes = [scope([.monthlyTokens: 100])]
        var book = book(scopes)
        let first = try book.begin(request(scopes), now: start)
        try book.reserve(first, promptTokens: 10, outputTokens: 80, now: start)
        let second = try book.begin(request(scopes), now: start)
        let refused = refusal { () throws(Refusal) in
            try book.reserve(second, promptTokens: 10, outputTokens: 10, now: start)
        }
        #expect(refused?.reason == .reserved)
        #expect(refused?.retryAfter != nil)
        book.settle(first, tokens: 90, cost: 0)
        let spent = refusal { () throws(Refusal) in
            try book.reserve(second, promptTokens: 10, outputTokens: 10, now: start)
        }
        #expect(spent?.reason == .budget)
    }

    @Test("An extension takes what every budget has room for, in tokens and in money")
    func extensions() throws {
        let prices = Prices(input: 1, cachedInput: 0, output: 10)
        let scopes = [scope([.dailyTokens: 1_000]), scope([.credit: 1_010], .owner("o"))]
        var book = book(scopes)
        let claim = try book.begin(request(scopes, prices: prices), now: start)
        try book.reserve(claim, promptTokens: 10, outputTokens: 20, now: start)
        #expect(book.extend(claim, by: 60) == 60)
        #expect(book.extend(claim, by: 60) == 20)
        #expect(book.extend(claim, by: 60) == 0)
        #expect(book.use(of: .owner("o"), on: Self.day)?.reserved.money == 1_010)
        book.settle(claim, tokens: 15, cost: 60)
        #expect(book.use(of: .owner("o"), on: Self.day)?.spent.total.money == 60)
        #expect(book.use(of: .owner("o"), on: Self.day)?.reserved.money == 0)
    }

    @Test("What was spent before the start counts")
    func learned() throws {
        let scopes = [scope([.dailyTokens: 100])]
        var book = book(scopes, spent: Spent(day: .init(tokens: 95)))
        let claim = try book.begin(request(scopes), now: start)
        #expect(
            refusal { () throws(Refusal) in
                try book.reserve(claim, promptTokens: 5, outputTokens: 1, now: start)
            }?.left == 5)
        try book.reserve(claim, promptTokens: 4, outputTokens: 1, now: start)
    }

    @Test("A request is counted in the day of its admission, and a new day has its whole budget")
    func days() throws {
        let scopes = [scope([.dailyTokens: 100, .monthlyTokens: 150])]
        let tomorrow = LedgerCalendar.Day(day: Self.day.day + 1, month: Self.day.month)
        var book = book(scopes)
        let late = try book.begin(request(scopes), now: start)
        try book.reserve(late, promptTokens: 50, outputTokens: 50, now: start)
        let early = try book.begin(request(scopes, day: tomorrow), now: start)
        #expect(
            refusal { () throws(Refusal) in
                try book.reserve(early, promptTokens: 50, outputTokens: 50, now: start)
            }?.limit == .monthlyTokens)
        try book.reserve(early, promptTokens: 25, outputTokens: 25, now: start)
        book.settle(late, tokens: 40, cost: 0)
        // 60 came back to the month, but to yesterday.
        #expect(book.extend(early, by: 100) == 50)
    }

    @Test("A request that reserves after midnight meets what its day has spent, whatever was admitted meanwhile")
    func lateReservation() throws {
        let scopes = [scope([.dailyTokens: 100])]
        let tomorrow = LedgerCalendar.Day(day: Self.day.day + 1, month: Self.day.month)
        var book = book(scopes, spent: Spent(day: .init(tokens: 95)))
        let late = try book.begin(request(scopes), now: start)
        for _ in 0..<2 {
            let early = try book.begin(request(scopes, day: tomorrow), now: start)
            try book.reserve(early, promptTokens: 20, outputTokens: 20, now: start)
            book.settle(early, tokens: 40, cost: 0)
        }
        let refused = refusal { () throws(Refusal) in
            try book.reserve(late, promptTokens: 5, outputTokens: 5, now: start)
        }
        #expect(refused?.left == 5)
        try book.reserve(late, promptTokens: 4, outputTokens: 1, now: start)
    }

    @Test("A rate that is lowered or raised keeps the share of it that was used")
    func changedRate() throws {
        var book = book([scope([:])])
        // Of 10 one is used; of 5 then a half and one more; of 20 then six and one more.
        for (rate, left) in [(10, 9), (5, 3), (20, 13)] {
            let scopes = [scope([.requestsPerMinute: rate])]
            let claim = try book.begin(request(scopes), now: start)
            #expect(book.rates(of: claim, now: start).requests?.remaining == left)
        }
    }

    @Test("A rate that ends high and goes on low is there again after a minute")
    func loweredRate() throws {
        var book = book([scope([:])])
        let (high, low) = ([scope([.tokensPerMinute: 60_000])], [scope([.tokensPerMinute: 600])])
        let claim = try book.begin(request(high), now: start)
        try book.reserve(claim, promptTokens: 45_000, outputTokens: 0, now: start)
        book.settle(claim, tokens: 45_000, cost: 0)
        let later = try book.begin(request(low), now: start)
        #expect(book.rates(of: later, now: start).tokens?.remaining == 150)
        try book.reserve(later, promptTokens: 600, outputTokens: 0, now: start + .seconds(60))
    }
}
