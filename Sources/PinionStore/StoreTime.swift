import Foundation

/// Times as the database keeps them: whole seconds since 1970.
enum StoreTime {
    /// The end of the year 9999: the last that ISO 8601 writes in four digits.
    static let last = Date(timeIntervalSince1970: 253_402_300_799)

    /// - Precondition: The time is not after ``last``.
    static func seconds(_ date: Date) -> Int64 {
        Int64(date.timeIntervalSince1970.rounded(.down))
    }

    static func date(_ seconds: Int64) -> Date {
        Date(timeIntervalSince1970: TimeInterval(seconds))
    }

    /// An end that is set now.
    ///
    /// - Throws: `invalidValue` for one that is past already, or that cannot be written.
    static func end(_ date: Date, after now: Date) throws(StoreError) -> Date {
        guard date > now, date <= last else {
            throw StoreError(
                .invalidValue, "the end \(text(date)) is not between now, \(text(now)), and \(text(last))")
        }
        return Self.date(seconds(date))
    }

    /// `2026-11-27T12:00:00Z`.
    static func text(_ date: Date) -> String {
        min(max(date, .distantPast), last).formatted(.iso8601)
    }
}
