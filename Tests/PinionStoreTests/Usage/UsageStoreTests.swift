import Foundation
import PinionLedger
import PinionStore
import Testing

@Suite("The ledger's database")
struct UsageStoreTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/data/usage.db" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("A row is kept with everything it tells")
    func roundTrip() throws {
        let store = try UsageStore(path: path)
        var rows = UsageRows()
        let folded = rows.next(200) + [UsageRows.row("req_short", metadata: #"{"a":"b"}"#), UsageRows.row("other id")]
        try store.fold(folded)
        let reader = try store.makeReader()
        for row in folded { #expect(try reader.row(ofRequest: row.requestID) == row) }
        #expect(try reader.row(ofRequest: "req_") == nil)
        #expect(try reader.row(ofRequest: "req_shor") == nil)
        #expect(try reader.row(ofRequest: "") == nil)
    }

    @Test("A row that is folded twice counts once, also beside new ones and within one fold")
    func foldedTwice() throws {
        let store = try UsageStore(path: path)
        var rows = UsageRows()
        let (first, second) = (rows.next(50), rows.next(30))
        #expect(try store.fold(counting: first) == 50)
        #expect(try store.fold(counting: first) == 0)
        #expect(try store.fold(counting: second + first + second) == 30)
        let total = try store.makeReader().report(.init()).total
        #expect(total == Expected.total(first + second))
        #expect(try store.makeReader().verify().differences == 0)
    }

    @Test("What was folded is there after the store was opened anew, and is told apart from what is new")
    func reopened() throws {
        var rows = UsageRows()
        let (first, second) = (rows.next(40), rows.next(40))
        do {
            let store = try UsageStore(path: path)
            try store.fold(first)
            try store.close()
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"), "the file is complete by itself")
        }
        let store = try UsageStore(path: path)
        #expect(try store.fold(counting: first + second) == 40)
        #expect(try store.latestDay() == (first + second).map(\.day).max())
        #expect(try store.makeReader().report(.init()).total == Expected.total(first + second))
    }

    @Test("What scopes have spent is what their rows sum up to")
    func spent() throws {
        let store = try UsageStore(path: path)
        #expect(try store.latestDay() == nil)
        #expect(try store.spent(by: .key("key_1"), on: UsageRows.calendarDay(UsageRows.firstDay)) == Spent())
        // Over the end of November, so that months differ.
        var generator = UsageRows(days: 20)
        let rows = generator.next(600)
        for start in stride(from: 0, to: rows.count, by: 37) {
            try store.fold(Array(rows[start..<min(start + 37, rows.count)]))
        }
        let scopes = (0..<8).map { Scope.key("key_\($0)") } + (0..<3).map { Scope.owner("team \($0)") }
        for scope in scopes + [.model("family/m0"), .model("key_1"), .owner(""), .key("")] {
            for day in UsageRows.firstDay..<UsageRows.firstDay + 21 {
                let day = UsageRows.calendarDay(day)
                #expect(try store.spent(by: scope, on: day) == Expected.spent(rows, by: scope, on: day))
            }
        }
        #expect(try store.makeReader().verify().differences == 0)
    }

    @Test("A row of an older day that is folded late counts on its own day")
    func lateRow() throws {
        let store = try UsageStore(path: path)
        let today = UsageRows.firstDay + 3
        try store.fold([UsageRows.row("req_today", day: today)])
        try store.fold([UsageRows.row("req_late", day: today - 2, input: 7, output: 1, cost: 9)])
        #expect(try store.latestDay() == UsageRows.calendarDay(today))
        let spent = try store.spent(by: .owner("team"), on: UsageRows.calendarDay(today - 2))
        #expect(spent.day == Spent.Amount(tokens: 8, money: 9))
        #expect(spent.total == Spent.Amount(tokens: 128, money: 1_009))
        let late = try store.makeReader().report(
            .init(groups: [.user], since: CalendarDate(today - 2), until: CalendarDate(today - 1)))
        #expect(late.lines.map(\.requests) == [1])
    }

    @Test("Texts are kept byte for byte, and are the same only if all of their bytes are")
    func hostileTexts() throws {
        let store = try UsageStore(path: path)
        let marks = "a" + String(repeating: "\u{301}\u{316}", count: 63)
        let texts = [
            "", "a", "a\0", "a\0b", "\0", "é", "e\u{301}", "\u{1F469}\u{200D}\u{1F52C}", "'; DROP TABLE usage; --",
            marks, String(repeating: "x", count: UsageRow.maximumNameBytes),
            String(repeating: "x", count: UsageRow.maximumNameBytes - 1) + "y",
        ]
        let rows = texts.enumerated().map { index, text in
            UsageRows.row("req_\(index)", key: text, owner: text, model: text, user: text, metadata: text)
        }
        try store.fold(rows)
        let reader = try store.makeReader()
        for (row, text) in zip(rows, texts) {
            let found = try #require(try reader.row(ofRequest: row.requestID))
            for kept in [found.key, found.owner, found.model, found.user, found.metadata] {
                #expect(kept.utf8.elementsEqual(text.utf8))
            }
            let line = try reader.report(.init(groups: [.user, .key], user: text)).lines
            #expect(line.count == 1 && line[0].requests == 1)
            #expect(line.first?.labels.allSatisfy { $0.utf8.elementsEqual(text.utf8) } == true)
            let spent = try store.spent(by: .key(text), on: row.day)
            #expect(spent.total.tokens == (text.isEmpty ? 0 : 120))
        }
        #expect(try reader.report(.init(groups: [.user])).lines.count == texts.count)
        #expect(try reader.verify().differences == 0)
    }

    @Test("Numbers at their extremes neither trap nor spoil the sums")
    func extremes() throws {
        let store = try UsageStore(path: path)
        var rows = (0..<4).map { UsageRows.row("req_\($0)", cost: .max) }
        rows[0].tokens = TokenCounts(input: .max, cached: .max, output: .max, reasoning: .max)
        rows[1].tokens = TokenCounts(input: -5, cached: .min, output: -1)
        rows[2].time = .min
        rows[3].time = .max
        rows[2].cost = -1
        for row in rows { try store.fold([row]) }
        let day = UsageRows.calendarDay(UsageRows.firstDay)
        #expect(try store.spent(by: .key("key_a"), on: day).total.money == .max)
        #expect(try store.makeReader().report(.init(groups: [.hour, .user])).total.cost == .max)
        #expect(try store.makeReader().report(.init(groups: [.day])).total.cost == .max)
        #expect(try store.makeReader().verify().differences == 0)
        try store.fold([UsageRows.row("req_far", day: 5_000_000), UsageRows.row("req_early", day: -5_000_000)])
        #expect(try store.makeReader().report(.init(groups: [.day])).lines.count == 3)
    }

    @Test("A reader sees whole folds only, while they go on")
    func readDuringWrites() async throws {
        let store = try UsageStore(path: path)
        var rows = UsageRows()
        let folds = (0..<60).map { _ in rows.next(50) }
        try store.fold(folds[0])
        let path = path
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for fold in folds.dropFirst() { try store.fold(fold) } }
            for _ in 0..<2 {
                group.addTask {
                    let reader = try UsageReader(path: path)
                    var last = 0
                    for _ in 0..<40 {
                        let byDay = try reader.report(.init(groups: [.day])).total.requests
                        let byUser = try reader.report(.init(groups: [.user])).total.requests
                        #expect(byDay % 50 == 0 && byUser % 50 == 0 && byDay >= last && byUser >= byDay)
                        #expect(try reader.verify().differences == 0)
                        last = byUser
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.makeReader().report(.init()).total == Expected.total(folds.flatMap(\.self)))
    }
}
