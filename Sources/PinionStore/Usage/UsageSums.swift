import PinionLedger

/// What rows sum up to, as the tables `daily` and `spent` hold it; names are numbers of the table `name`.
struct UsageSums {
    struct DailyKey: Hashable {
        let day: Int
        let key: Int
        let owner: Int
        let model: Int
        let route: Int
        let outcome: Int
    }

    struct DailySum: Equatable {
        var requests = 0
        var tokens = TokenCounts(input: 0, output: 0)
        /// Nano-units.
        var cost = 0

        static func += (left: inout DailySum, right: DailySum) {
            left.requests = saturatingSum(left.requests, right.requests)
            left.tokens += right.tokens
            left.cost = saturatingSum(left.cost, right.cost)
        }
    }

    struct SpentKey: Hashable {
        enum Period: Int {
            case day = 0
            case month = 1
            case total = 2
        }

        let scope: Int
        let name: Int
        let period: Period
        /// The day or the month; 0 for the total.
        let number: Int
    }

    private(set) var daily: [DailyKey: DailySum] = [:]
    private(set) var spent: [SpentKey: Spent.Amount] = [:]

    /// - Parameters:
    ///   - month: Of the key's day.
    ///   - ownerless: The number of the empty name: an owner that is none has no budget.
    mutating func add(_ sum: DailySum, to key: DailyKey, month: Int, ownerless: Int?) {
        daily[key, default: DailySum()] += sum
        let scopes = [(0, key.key), (1, key.owner), (2, key.model)]
        for (scope, name) in scopes where name != ownerless {
            let periods: [(SpentKey.Period, Int)] = [(.day, key.day), (.month, month), (.total, 0)]
            for (period, number) in periods {
                let key = SpentKey(scope: scope, name: name, period: period, number: number)
                spent[key, default: Spent.Amount()] += Spent.Amount(tokens: sum.tokens.total, money: sum.cost)
            }
        }
    }
}

/// Stops at the largest integer, as a price's cost does. Of addends that are not negative the order does not matter, so
/// that sums of sums equal those of the rows.
func saturatingSum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
}

extension TokenCounts {
    static func += (left: inout TokenCounts, right: TokenCounts) {
        left.input = saturatingSum(left.input, right.input)
        left.cached = saturatingSum(left.cached, right.cached)
        left.output = saturatingSum(left.output, right.output)
        left.reasoning = saturatingSum(left.reasoning, right.reasoning)
    }
}

extension Spent.Amount {
    static func += (left: inout Spent.Amount, right: Spent.Amount) {
        left.tokens = saturatingSum(left.tokens, right.tokens)
        left.money = saturatingSum(left.money, right.money)
    }
}
