import HTTPTypes

extension HTTPFields {
    /// Adds what is left of rates, as OpenAI's replies tell it; nothing for a rate without a limit.
    mutating func add(_ rates: AdmissionRates) {
        add(rates.requests, limit: .requestLimit, left: .requestsLeft, reset: .requestReset)
        add(rates.tokens, limit: .tokenLimit, left: .tokensLeft, reset: .tokenReset)
    }

    private mutating func add(
        _ rate: AdmissionRates.Rate?, limit: HTTPField.Name, left: HTTPField.Name, reset: HTTPField.Name
    ) {
        guard let rate else { return }
        self[limit] = String(rate.limit)
        self[left] = String(rate.remaining)
        self[reset] = RateReset.text(rate.reset)
    }
}

/// A time until a rate is whole, in the form of OpenAI's headers: `20ms`, `7.5s`, `6m0s`.
enum RateReset {
    private static let millisecondsPerSecond = 1_000
    private static let millisecondsPerMinute = 60_000

    static func text(_ time: Duration) -> String {
        let milliseconds = Int((time / .milliseconds(1)).rounded(.up))
        if milliseconds < millisecondsPerSecond { return "\(max(milliseconds, 0))ms" }
        if milliseconds < millisecondsPerMinute {
            let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: millisecondsPerSecond)
            let digits = String(rest + millisecondsPerSecond).dropFirst().reversed().drop { $0 == "0" }.reversed()
            return digits.isEmpty ? "\(seconds)s" : "\(seconds).\(String(digits))s"
        }
        let seconds = (milliseconds + millisecondsPerSecond - 1) / millisecondsPerSecond
        return "\(seconds / 60)m\(seconds % 60)s"
    }
}
