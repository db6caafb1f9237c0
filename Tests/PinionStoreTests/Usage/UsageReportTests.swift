import Foundation
import GRDB
import PinionLedger
import PinionStore
import Testing

@Suite("Reports of the ledger")
struct UsageReportTests {
    let directory: TemporaryDirectory
    let rows: [UsageRow]
    let store: UsageStore
    var path: String { directory.path + "/usage.db" }

    init() throws {
        directory = try TemporaryDirectory()
        var generator = UsageRows(users: 12, days: 4)
        rows = generator.next(400)
        store = try UsageStore(path: directory.path + "/usage.db")
        try store.fold(rows)
    }

    private static func label(_ row: UsageRow, _ group: UsageReport.Group) -> String {
        let time = Date(timeIntervalSince1970: Double(row.time / 1_000)).formatted(.iso8601)
        return switch group {
        case .day: String(time.prefix(10))
        case .hour: time.prefix(13) + ":00Z"
        case .key: row.key
        case .owner: row.owner
        case .model: row.model
        case .route: row.route
        case .outcome: row.outcome.rawValue
        case .user: row.user
        }
    }

    private func expectReport(_ query: UsageReport.Query, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let chosen = rows.filter { row in
            row.day.day >= query.since?.day ?? .min && row.day.day <= query.until?.day ?? .max
                && query.key ?? row.key == row.key && query.owner ?? row.owner == row.owner
                && query.model ?? row.model == row.model && query.user ?? row.user == row.user
        }
        let expected = Dictionary(grouping: chosen) { row in query.groups.map { Self.label(row, $0) } }
            .map { Expected.line($1, labels: $0) }
        let report = try store.makeReader().report(query)
        #expect(
            Set(report.lines.map { "\($0)" }) == Set(expected.map { "\($0)" }), "\(query)",
            sourceLocation: sourceLocation)
        #expect(report.lines.count == expected.count, sourceLocation: sourceLocation)
        #expect(report.total == Expected.total(chosen), sourceLocation: sourceLocation)
        #expect(report.rowsSince == nil, sourceLocation: sourceLocation)
    }

    @Test("Lines of every pair of groups are what their rows sum up to")
    func groups() throws {
        try expectReport(.init())
        for first in UsageReport.Group.allCases {
            try expectReport(.init(groups: [first]))
            for second in UsageReport.Group.allCases { try expectReport(.init(groups: [first, second])) }
        }
    }

    @Test("Filters choose the same rows, whether the sums answer or the rows")
    func filters() throws {
        let day = CalendarDate(UsageRows.firstDay)
        for groups: [UsageReport.Group] in [[], [.day], [.user], [.hour, .outcome]] {
            try expectReport(.init(groups: groups, since: CalendarDate(day.day + 1)))
            try expectReport(.init(groups: groups, until: CalendarDate(day.day + 1)))
            try expectReport(.init(groups: groups, since: CalendarDate(day.day + 1), until: CalendarDate(day.day + 2)))
            try expectReport(.init(groups: groups, since: CalendarDate(day.day + 2), until: day))
            try expectReport(.init(groups: groups, since: CalendarDate(day.day + 9)))
            try expectReport(.init(groups: groups, key: "key_3"))
            try expectReport(.init(groups: groups, owner: ""))
            try expectReport(.init(groups: groups, owner: "team 1", model: "family/m2"))
            try expectReport(.init(groups: groups, since: day, key: "key_1", user: "user-3"))
            try expectReport(.init(groups: groups, key: "nobody"))
            try expectReport(.init(groups: groups, user: "key_1"))
        }
    }

    @Test("Times are in their order, and without them what cost most comes first")
    func order() throws {
        let reader = try store.makeReader()
        let days = try reader.report(.init(groups: [.day])).lines.map(\.labels[0])
        #expect(days == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"])
        let hours = try reader.report(.init(groups: [.hour])).lines.map(\.labels[0])
        #expect(hours == hours.sorted() && hours.count > 50)
        let costs = try reader.report(.init(groups: [.user])).lines.map(\.cost)
        #expect(costs == costs.sorted(by: >) && costs.count == 12)
    }

    @Test("Days and their texts are each other's, over leap years and before 1970")
    func dates() {
        #expect(CalendarDate(0).text == "1970-01-01")
        #expect(CalendarDate(-1).text == "1969-12-31")
        #expect(CalendarDate(text: "2026-11-27")?.day == 20_784)
        #expect(CalendarDate(text: "2000-02-29")?.day == 11_016)
        for (text, day) in [("9999-12-31", 2_932_896), ("9970-01-01", 2_921_940), ("0000-01-01", -719_528)] {
            #expect(CalendarDate(text: text)?.day == day && CalendarDate(day).text == text)
        }
        #expect(CalendarDate(.max).text > "11000" && CalendarDate(.min).text.hasPrefix("-"))
        for day in stride(from: -100_000, to: 200_000, by: 997) {
            let text = String(Date(timeIntervalSince1970: Double(day) * 86_400).formatted(.iso8601).prefix(10))
            #expect(CalendarDate(day).text == text)
            #expect(CalendarDate(text: text)?.day == day)
        }
        for text in [
            "", "2026", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-1", "2026-01-01 ",
            "+026-01-01", "２０２６-01-01", "1900-02-29", "2026-01-011", "----------",
        ] {
            #expect(CalendarDate(text: text) == nil, "\(text)")
        }
    }

    @Test("Verifying finds every kind of difference that somebody made")
    func verification() throws {
        try store.close()
        #expect(try UsageReader(path: path).verify().rows == 400)
        #expect(try UsageReader(path: path).verify().differences == 0)
        for change in [
            "UPDATE daily SET input = input + 1 WHERE (day, key) = (SELECT day, key FROM daily LIMIT 1)",
            "UPDATE daily SET cost = cost + 4294967296 WHERE day = (SELECT min(day) FROM daily)",
            "DELETE FROM daily WHERE day = (SELECT max(day) FROM daily)",
            "INSERT INTO daily VALUES (1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0)",
            "UPDATE usage SET output = output + 1 WHERE id = 7", "DELETE FROM usage WHERE id = 200",
            "UPDATE usage SET day = day + 1 WHERE id = 3",
            "UPDATE spent SET money = money - 1 WHERE period = 2 AND scope = 1",
            "DELETE FROM spent WHERE period = 1 AND scope = 2", "INSERT INTO spent VALUES (0, 99, 0, 0, 5, 5)",
            "INSERT INTO spent VALUES (0, 1, 7, 0, 5, 5)", "UPDATE day SET first_row = first_row + 5",
            "UPDATE day SET month = month + 1",
        ] {
            let changed = directory.path + "/changed.db"
            try? FileManager.default.removeItem(atPath: changed)
            try FileManager.default.copyItem(atPath: path, toPath: changed)
            let queue = try DatabaseQueue(path: changed)
            try queue.write { try $0.execute(sql: change) }
            try queue.close()
            let found = try UsageReader(path: changed).verify()
            #expect(found.differences > 0 && !found.shown.isEmpty, "\(change)")
            #expect(found.shown.count <= UsageVerification.maximumShown)
        }
    }
}
