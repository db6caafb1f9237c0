import Foundation
import PinionLedger
import Synchronization
import Testing

@Suite("Calendar of budgets")
struct LedgerCalendarTests {
    private static func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(
        "Days and months begin at midnight of the time zone",
        arguments: [
            ("GMT", "1970-01-01T00:00:00Z", 0, 1970 * 12), ("GMT", "1970-01-31T23:59:59Z", 30, 1970 * 12),
            ("GMT", "1970-02-01T00:00:00Z", 31, 1970 * 12 + 1), ("Asia/Shanghai", "1970-01-01T16:00:00Z", 1, 1970 * 12),
            ("America/New_York", "2026-11-01T03:59:59Z", 20_757, 2026 * 12 + 9),
            ("America/New_York", "2026-11-01T04:00:00Z", 20_758, 2026 * 12 + 10),
        ])
    func days(zone: String, text: String, day: Int, month: Int) throws {
        let calendar = LedgerCalendar(timeZone: try #require(TimeZone(identifier: zone)))
        #expect(calendar.day(of: try Self.date(text)) == LedgerCalendar.Day(day: day, month: month))
    }

    @Test("A clock that is set back does not bring a day back, also over a restart")
    func backwards() throws {
        let now = Mutex(try Self.date("2026-11-30T12:00:00Z"))
        let calendar = LedgerCalendar { now.withLock { $0 } }
        let first = calendar.today()
        now.withLock { $0 += 86_400 }
        let second = calendar.today()
        #expect(second.day == first.day + 1 && second.month == first.month + 1)
        now.withLock { $0 -= 2 * 86_400 }
        #expect(calendar.today() == second)
        let restarted = LedgerCalendar(latest: second) { now.withLock { $0 } }
        #expect(restarted.today() == second)
    }
}
