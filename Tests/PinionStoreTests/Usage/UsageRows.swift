import PinionLedger

/// Rows of a ledger that tests make up.
struct UsageRows {
    /// 2026-11-20 UTC.
    static let firstDay = 20_777
    private static let millisecondsPerDay = 86_400_000

    /// SplitMix64: the same rows in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private var generator: Generator
    private let users: Int
    private let days: Int

    init(seed: UInt64 = 1, users: Int = 20, days: Int = 5) {
        generator = Generator(state: seed)
        (self.users, self.days) = (users, days)
    }

    /// A row with everything at some value of its own.
    static func row(
        _ id: String, day: Int = firstDay, key: String = "key_a", owner: String = "team", model: String = "m/1",
        user: String = "user", metadata: String = "", input: Int = 100, output: Int = 20, cost: Int = 1_000
    ) -> UsageRow {
        UsageRow(
            requestID: id, time: day * millisecondsPerDay + 3_600_000, day: calendarDay(day), key: key, owner: owner,
            model: model, route: "/v1/chat/completions", prices: Prices(input: 5, cachedInput: 1, output: 25),
            user: user,
            metadata: metadata, retryCount: 2,
            tokens: TokenCounts(input: input, cached: input / 2, output: output, reasoning: output / 4),
            outcome: .completed, status: 200, cost: cost, queuedTime: 3, firstTokenTime: 40, runTime: 900)
    }

    /// A day with the month that it lies in, which for the days of these tests is the year's last but one, or its last.
    static func calendarDay(_ day: Int) -> LedgerCalendar.Day {
        let december = 20_788
        return LedgerCalendar.Day(day: day, month: 2026 * 12 + (day < december ? 10 : 11))
    }

    mutating func next() -> UsageRow {
        let day = Self.firstDay + Int.random(in: 0..<days, using: &generator)
        let key = Int.random(in: 0..<7, using: &generator)
        let input = Int.random(in: 0...5_000, using: &generator)
        let output = Int.random(in: 0...900, using: &generator)
        let outcome = UsageRow.Outcome.allCases.randomElement(using: &generator) ?? .completed
        let prices = Prices(input: Int.random(in: 0...3, using: &generator), cachedInput: 1, output: 9)
        let tokens = TokenCounts(
            input: input, cached: Int.random(in: 0...input, using: &generator), output: output,
            reasoning: Int.random(in: 0...output, using: &generator))
        return UsageRow(
            requestID: "req_" + String(decoding: (0..<32).map { _ in letter() }, as: UTF8.self),
            time: day * Self.millisecondsPerDay + Int.random(in: 0..<Self.millisecondsPerDay, using: &generator),
            day: Self.calendarDay(day), key: "key_\(key)", owner: key == 0 ? "" : "team \(key % 3)",
            model: "family/m\(Int.random(in: 0..<3, using: &generator))",
            route: Bool.random(using: &generator) ? "/v1/chat/completions" : "/v1/messages", prices: prices,
            user: "user-\(Int.random(in: 0..<users, using: &generator))",
            metadata: Int.random(in: 0..<10, using: &generator) == 0 ? #"{"trace":"a"}"# : "",
            retryCount: Int.random(in: 0...2, using: &generator), tokens: tokens, outcome: outcome,
            status: outcome == .failed ? 500 : 200, cost: outcome == .failed ? 0 : prices.cost(of: tokens),
            queuedTime: 1, firstTokenTime: outcome == .lost ? -1 : 80,
            runTime: Int.random(in: 100...30_000, using: &generator))
    }

    mutating func next(_ count: Int) -> [UsageRow] { (0..<count).map { _ in next() } }

    private mutating func letter() -> UInt8 { Self.letters[Int.random(in: 0..<62, using: &generator)] }
}
