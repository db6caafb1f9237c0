package import Foundation
import Synchronization

/// The days and months that budgets are counted in.
///
/// A day never comes back: when the wall clock is set back, the latest day that was seen goes on. A budget that was spent
/// would otherwise be whole again, or be counted in a day that was closed.
package final class LedgerCalendar: Sendable {
    /// A day, and the month that it lies in.
    package struct Day: Sendable, Hashable, Comparable {
        /// Days since 1970-01-01 in the calendar's time zone.
        package let day: Int
        /// Months since January of the year 0.
        package let month: Int

        package init(day: Int, month: Int) {
            (self.day, self.month) = (day, month)
        }

        package static func < (left: Day, right: Day) -> Bool { left.day < right.day }
    }

    private let calendar: Calendar
    private let clock: @Sendable () -> Date
    private let latest: Mutex<Day>

    /// - Parameters:
    ///   - latest: The latest day that an earlier run counted in.
    ///   - clock: The wall clock.
    package init(
        timeZone: TimeZone = .gmt, latest: Day? = nil, clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        self.calendar = calendar
        self.clock = clock
        self.latest = Mutex(latest ?? Day(day: .min, month: .min))
    }

    /// The day of an admission that happens now.
    package func today() -> Day {
        let now = day(of: clock())
        return latest.withLock { latest in
            latest = max(latest, now)
            return latest
        }
    }

    /// The day that an instant lies in.
    package func day(of date: Date) -> Day {
        let parts = calendar.dateComponents([.year, .month], from: date)
        let offset = calendar.timeZone.secondsFromGMT(for: date)
        let seconds = date.timeIntervalSince1970 + Double(offset)
        let month = (parts.year ?? 1970) * Self.monthsPerYear + (parts.month ?? 1) - 1
        return Day(day: Int((seconds / Self.secondsPerDay).rounded(.down)), month: month)
    }

    private static let monthsPerYear = 12
    private static let secondsPerDay = 86_400.0
}
