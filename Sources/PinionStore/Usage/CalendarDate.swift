/// A day of the Gregorian calendar, as a ledger counts days: since 1970-01-01, in a time zone that the ledger knows.
///
///     CalendarDate(20_784).text                      // 2026-11-27
///     CalendarDate(text: "2026-11-27")?.day          // 20784
package struct CalendarDate: Sendable, Hashable {
    /// Days since 1970-01-01.
    package let day: Int

    package init(_ day: Int) {
        self.day = day
    }

    /// - Returns: nil for anything but `YYYY-MM-DD` with a day that there is.
    package init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2],
            text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        let day = Self.day(year: numbers[0], month: numbers[1], dayOfMonth: numbers[2])
        guard (1...Self.monthsPerYear).contains(numbers[1]), Self.civil(of: day) == (numbers[0], numbers[1], numbers[2])
        else { return nil }
        self.day = day
    }

    /// `2026-11-27`.
    package var text: String {
        let (year, month, dayOfMonth) = Self.civil(of: day)
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(dayOfMonth, 2))"
    }

    /// An hour since 1970 in UTC: `2026-11-27T10:00Z`.
    static func text(hour: Int) -> String {
        let hours = 24
        let day = Int((Double(hour) / Double(hours)).rounded(.down))
        return "\(CalendarDate(day).text)T\(padded(hour - day * hours, 2)):00Z"
    }

    private static let monthsPerYear = 12
    /// Days of the 400 years after which the calendar repeats.
    private static let daysPerEra = 146_097
    /// Days from 1970 to the first day and to the last that have a text: 10,000 years, so that those of four digits do.
    private static let farthestDay = daysPerEra * 25
    /// From 0000-03-01, with which an era begins here, to 1970-01-01.
    private static let daysBefore1970 = 719_468

    /// Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day is a year's last.
    private static func day(year: Int, month: Int, dayOfMonth: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + dayOfMonth - 1
        return era * daysPerEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - daysBefore1970
    }

    /// Howard Hinnant's `civil_from_days`.
    private static func civil(of day: Int) -> (year: Int, month: Int, dayOfMonth: Int) {
        // A day that no calendar needs would overflow the sums.
        let day = min(max(day, -farthestDay), farthestDay) + daysBefore1970
        let era = (day >= 0 ? day : day - daysPerEra + 1) / daysPerEra
        let dayOfEra = day - era * daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / (daysPerEra - 1)) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
