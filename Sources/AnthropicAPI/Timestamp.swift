/// Times as RFC 3339 spells them, in UTC and whole seconds: `2026-11-27T06:41:04Z`.
enum Timestamp {
    private static let secondsPerDay = 86_400
    /// The last second of the year 9999, after which the format has no years.
    private static let lastSecond = 253_402_300_799

    /// - Parameter seconds: Since 1970; a time before it or after the year 9999 is shown as the nearest one within.
    static func text(_ seconds: Int) -> String {
        let seconds = min(max(seconds, 0), lastSecond)
        let (year, month, day) = date(days: seconds / secondsPerDay)
        let time = seconds % secondsPerDay
        let fields = [(year, 4), (month, 2), (day, 2), (time / 3_600, 2), (time / 60 % 60, 2), (time % 60, 2)]
        let digits = fields.map { padded($0.0, $0.1) }
        return digits[0..<3].joined(separator: "-") + "T" + digits[3...].joined(separator: ":") + "Z"
    }

    /// The Gregorian date of a day since 1970. Years are counted from March, so that the leap day is the last of a
    /// year: months then begin at days that one linear formula gives.
    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let (daysPerEra, yearsPerEra) = (146_097, 400)
        /// From March 1 of the year 0 to January 1, 1970.
        let shifted = days + 719_468
        let era = shifted / daysPerEra
        let dayOfEra = shifted % daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * yearsPerEra + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func padded(_ number: Int, _ length: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(length - digits.utf8.count, 0)) + digits
    }
}
