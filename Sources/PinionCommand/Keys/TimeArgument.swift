package import Foundation

/// A time that a command is given: a date, or how long it is from now.
package enum TimeArgument {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]

    /// Reads `2026-12-31` (its beginning, in UTC), `2026-12-31T18:00:00Z`, or a time from now as ``duration(_:)`` does.
    ///
    /// - Throws: ``CommandFailure`` that names the option.
    package static func date(_ text: String, option: String, now: Date = Date()) throws -> Date {
        if let seconds = seconds(text) { return now + TimeInterval(seconds) }
        if text.utf8.count <= maximumLength, let date = try? Date(text, strategy: .iso8601) { return date }
        let days = Date.ISO8601FormatStyle().year().month().day()
        // The parser takes the 30th of February for a day of March.
        if text.utf8.count <= maximumLength, let date = try? Date(text, strategy: days), date.formatted(days) == text {
            return date
        }
        throw CommandFailure(
            "\(option): expected a date such as 2027-01-31 or 2027-01-31T18:00:00Z, or a time from now such as 30d or "
                + "12h, found '\(text)'")
    }

    /// Reads `90s`, `45m`, `24h`, `30d`, `2w`, or 0.
    ///
    /// - Throws: ``CommandFailure`` that names the option.
    package static func duration(_ text: String, option: String) throws -> Duration {
        guard let seconds = text == "0" ? 0 : seconds(text) else {
            throw CommandFailure("\(option): expected a time such as 24h, 90m, 7d or 0, found '\(text)'")
        }
        return .seconds(seconds)
    }

    /// `2026-11-27T12:00:00Z`.
    package static func text(_ date: Date) -> String {
        date.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon))
    }

    /// Bytes of the longest way to write a time: no more are given to the parser.
    private static let maximumLength = 40
    /// A hundred years, beyond which a number is a mistake.
    private static let maximumSeconds = 100 * 366 * 86_400

    private static func seconds(_ text: String) -> Int? {
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()),
            text.utf8.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) == true
        else { return nil }
        let (seconds, overflows) = number.multipliedReportingOverflow(by: unit)
        return overflows || seconds > maximumSeconds ? nil : seconds
    }
}
