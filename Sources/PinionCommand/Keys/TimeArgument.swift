package import Foundation
import PinionStore

/// A time that a command is given: a date, or how long it is from now.
package enum TimeArgument {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]

    /// Reads `2026-12-31` (its beginning, in UTC), `2026-12-31T18:00:00Z` (or with an offset, such as `+02:00`), or a time
    /// from now as ``duration(_:)`` does.
    ///
    /// - Throws: ``CommandFailure`` that names the option.
    package static func date(_ text: String, option: String, now: Date = Date()) throws -> Date {
        if let seconds = seconds(text) { return now + TimeInterval(seconds) }
        if let date = dateTime(text) { return date }
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

    /// Bytes of the longest way to write a time: no more are looked at.
    private static let maximumLength = 40
    /// Bytes of `2027-01-31`, and of `18:00:00`.
    private static let (dayLength, timeLength) = (10, 8)
    private static let (hoursPerDay, minutesPerHour, secondsPerMinute) = (24, 60, 60)
    private static let secondsPerHour = minutesPerHour * secondsPerMinute
    /// A hundred years, beyond which a number is a mistake.
    private static let maximumSeconds = 100 * 366 * 86_400

    /// A day, which stands for its beginning in UTC, or a day and a time of it; nil for one that there is not.
    ///
    /// Not Foundation's parser: it takes the 30th of February for a day of March, 25 o'clock for an hour of the next day,
    /// and whatever stands behind the `Z`.
    private static func dateTime(_ text: String) -> Date? {
        guard text.utf8.count <= maximumLength, let day = CalendarDate(text: String(text.prefix(dayLength))) else {
            return nil
        }
        let midnight = Date(timeIntervalSince1970: TimeInterval(day.day * hoursPerDay * secondsPerHour))
        let rest = text.utf8.dropFirst(dayLength)
        if rest.isEmpty { return midnight }
        guard rest.first == UInt8(ascii: "T"), let seconds = secondsOfDay(rest.dropFirst()) else { return nil }
        return midnight + TimeInterval(seconds)
    }

    /// Seconds from midnight in UTC to `18:00:00Z`, `18:00:00.5Z` (whose fraction is left out) or `18:00:00+02:00`.
    private static func secondsOfDay(_ text: Substring.UTF8View) -> Int? {
        let parts = text.prefix(timeLength).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, let hours = number(parts[0], below: hoursPerDay),
            let minutes = number(parts[1], below: minutesPerHour),
            let seconds = number(parts[2], below: secondsPerMinute)
        else { return nil }
        var zone = text.dropFirst(timeLength)
        if zone.first == UInt8(ascii: ".") {
            let behind = zone.dropFirst().drop(while: isDigit)
            guard behind.count < zone.count - 1 else { return nil }
            zone = behind
        }
        guard let offset = secondsAhead(zone) else { return nil }
        return hours * secondsPerHour + minutes * secondsPerMinute + seconds - offset
    }

    /// Seconds that a zone is ahead of UTC: 0 for `Z`, 9,000 for `+02:30`, `+0230`.
    private static func secondsAhead(_ text: Substring.UTF8View) -> Int? {
        if text.elementsEqual([UInt8(ascii: "Z")]) { return 0 }
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let minuteDigits = text.dropFirst(3)
        guard let hours = number(text.dropFirst().prefix(2), below: hoursPerDay),
            let minutes = minuteDigits.isEmpty
                ? 0
                : number(
                    minuteDigits.first == UInt8(ascii: ":") ? minuteDigits.dropFirst() : minuteDigits,
                    below: minutesPerHour)
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * secondsPerHour + minutes * secondsPerMinute)
    }

    /// The number of two digits.
    private static func number(_ digits: Substring.UTF8View, below bound: Int) -> Int? {
        guard digits.count == 2, digits.allSatisfy(isDigit) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return number < bound ? number : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func seconds(_ text: String) -> Int? {
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()),
            text.utf8.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) == true
        else { return nil }
        let (seconds, overflows) = number.multipliedReportingOverflow(by: unit)
        return overflows || seconds > maximumSeconds ? nil : seconds
    }
}
