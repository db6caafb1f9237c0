import ArgumentParser
import Foundation
import PinionStore

/// A number of days as it is typed: `7d`.
struct DayCount: ExpressibleByArgument {
    let days: Int

    init?(argument: String) {
        guard argument.utf8.last == UInt8(ascii: "d"), let days = Int(argument.utf8.dropLast().asText), days > 0 else {
            return nil
        }
        self.days = days
    }
}

/// Where a report begins: a day, or how many days it has with today as the last one.
enum DayBound: Sendable, Equatable, ExpressibleByArgument {
    case day(CalendarDate)
    case last(Int)

    init?(argument: String) {
        if let count = DayCount(argument: argument) {
            self = .last(count.days)
        } else if let day = CalendarDate(text: argument) {
            self = .day(day)
        } else {
            return nil
        }
    }

    func date(today: CalendarDate) -> CalendarDate {
        switch self {
        case .day(let day): return day
        case .last(let days):
            let (first, overflow) = today.day.subtractingReportingOverflow(days - 1)
            return CalendarDate(overflow ? .min : first)
        }
    }
}

/// A day as it is typed: `2026-11-27`.
struct DayArgument: ExpressibleByArgument {
    let date: CalendarDate

    init?(argument: String) {
        guard let date = CalendarDate(text: argument) else { return nil }
        self.date = date
    }
}

extension CalendarDate {
    private static let secondsPerDay = 86_400.0

    /// Today in UTC.
    static var today: CalendarDate {
        CalendarDate(Int((Date().timeIntervalSince1970 / secondsPerDay).rounded(.down)))
    }
}

extension Substring.UTF8View {
    fileprivate var asText: String { String(Substring(self)) }
}
