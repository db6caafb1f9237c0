import ArgumentParser
import PinionLedger

/// What options are for, which their help tells.
protocol OptionUse {
    /// What follows the description of an option that means `value` when it is not given.
    static func fallback(_ value: String) -> String
}

/// Options of something that is made.
enum NewValues: OptionUse {
    static func fallback(_ value: String) -> String { " (default: \(value))" }
}

/// Options of a change: what is not given stays as it is.
enum ChangedValues: OptionUse {
    static func fallback(_ value: String) -> String { "" }
}

/// A flag for each limit.
struct LimitOptions<Use: OptionUse>: ParsableArguments {
    @Option(name: .limit(.requestsPerMinute), help: .limit(.requestsPerMinute, Use.self))
    var requestsPerMinute: String?
    @Option(name: .limit(.tokensPerMinute), help: .limit(.tokensPerMinute, Use.self))
    var tokensPerMinute: String?
    @Option(name: .limit(.concurrentRequests), help: .limit(.concurrentRequests, Use.self))
    var concurrentRequests: String?
    @Option(name: .limit(.dailyTokens), help: .limit(.dailyTokens, Use.self))
    var dailyTokens: String?
    @Option(name: .limit(.monthlyTokens), help: .limit(.monthlyTokens, Use.self))
    var monthlyTokens: String?
    @Option(name: .limit(.dailyMoney), help: .limit(.dailyMoney, Use.self))
    var dailyMoney: String?
    @Option(name: .limit(.monthlyMoney), help: .limit(.monthlyMoney, Use.self))
    var monthlyMoney: String?
    @Option(name: .limit(.credit), help: .limit(.credit, Use.self))
    var credit: String?
    @Option(name: .limit(.outputTokens), help: .limit(.outputTokens, Use.self))
    var outputTokens: String?

    /// The limits of something new, for which `none` is the same as nothing.
    func values() throws -> [Limit: Int] {
        try changes().compactMapValues { $0 }
    }

    /// The limits that are given; nil for `none`, which takes a limit away.
    func changes() throws -> [Limit: Int?] {
        try given.reduce(into: [:]) { changes, entry in
            changes[entry.limit] = .some(entry.text == "none" ? nil : try entry.limit.value(of: entry.text))
        }
    }

    /// Amounts to raise limits by, with or without a plus sign.
    func increases() throws -> [Limit: Int] {
        try given.reduce(into: [:]) { amounts, entry in
            amounts[entry.limit] = try entry.limit.value(
                of: entry.text.hasPrefix("+") ? String(entry.text.dropFirst()) : entry.text)
        }
    }

    private var given: [(limit: Limit, text: String)] {
        Limit.allCases.compactMap { limit in text(of: limit).map { (limit, $0) } }
    }

    private func text(of limit: Limit) -> String? {
        switch limit {
        case .requestsPerMinute: requestsPerMinute
        case .tokensPerMinute: tokensPerMinute
        case .concurrentRequests: concurrentRequests
        case .dailyTokens: dailyTokens
        case .monthlyTokens: monthlyTokens
        case .dailyMoney: dailyMoney
        case .monthlyMoney: monthlyMoney
        case .credit: credit
        case .outputTokens: outputTokens
        }
    }
}

/// What the help of a command with limits says of their values.
enum LimitDiscussion {
    static let new = """
        Limits are whole numbers, and money is decimal: --daily-money 1.50. 0 allows nothing; a limit that is not set \
        is unlimited.
        """
    static let changed = new + " What is not given stays, and `none` takes a value away."
}

extension Limit {
    /// The limit as a word of a command line: `daily-tokens`.
    var word: String { rawValue.replacing("_", with: "-") }

    /// What a person reads of a value.
    func text(of value: Int) -> String {
        isMoney ? Money.text(value) : "\(value)"
    }

    /// - Throws: ``CommandFailure`` that names the flag, what was found and what is expected.
    func value(of text: String) throws -> Int {
        let digits = isMoney ? Money.digits : 0
        guard let value = DecimalAmount.parts(of: text, digits: digits, maximum: Limits.maximum) else {
            let expected =
                isMoney
                ? "units of the currency from 0 to \(self.text(of: Limits.maximum)), with at most \(digits) decimals"
                : "a whole number from 0 to \(Limits.maximum)"
            throw CommandFailure("--\(word): expected \(expected), found '\(text)'")
        }
        return value
    }

    fileprivate var help: String {
        switch self {
        case .requestsPerMinute: "Requests that begin within a minute"
        case .tokensPerMinute: "Tokens of prompts and replies within a minute"
        case .concurrentRequests: "Requests that run at one time"
        case .dailyTokens: "Tokens of prompts and replies in a day"
        case .monthlyTokens: "Tokens of prompts and replies in a month"
        case .dailyMoney: "Money in a day"
        case .monthlyMoney: "Money in a month"
        case .credit: "Money paid in advance, over all time"
        case .outputTokens: "Tokens at which a reply ends"
        }
    }
}

extension NameSpecification {
    fileprivate static func limit(_ limit: Limit) -> NameSpecification { [.customLong(limit.word)] }
}

extension ArgumentHelp {
    fileprivate static func limit(_ limit: Limit, _ use: any OptionUse.Type) -> ArgumentHelp {
        ArgumentHelp("\(limit.help)\(use.fallback("none")).", valueName: limit.isMoney ? "amount" : "n")
    }
}
