import Foundation
import PinionLedger
import PinionStore
import Testing

@Suite("Pruning the ledger")
struct UsagePruningTests {
    let directory: TemporaryDirectory
    let store: UsageStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try UsageStore(path: directory.path + "/usage.db")
    }

    @Test("Old rows and their users go, and every sum stays")
    func prunes() throws {
        var generator = UsageRows(users: 3_000, days: 10)
        // In their order, as a server folds them: only pages without any rows are given back.
        let rows = generator.next(12_000).sorted { $0.time < $1.time }
        try store.fold(rows)
        let before = try store.makeReader().report(.init(groups: [.day, .key, .outcome]))
        let whole = try UsageStore(path: directory.path + "/whole.db")
        try whole.fold(rows)
        try whole.close()
        let first = UsageRows.firstDay + 7
        let kept = rows.filter { $0.day.day >= first }
        let pruning = try store.prune(keepingDays: 3)
        #expect(pruning.rows == rows.count - kept.count)
        #expect(pruning.clients == Set(rows.map(\.user)).count - Set(kept.map(\.user)).count)
        #expect(pruning.firstDay == CalendarDate(first))
        let reader = try store.makeReader()
        #expect(try reader.report(.init(groups: [.day, .key, .outcome])) == before)
        let byUser = try reader.report(.init(groups: [.user]))
        #expect(byUser.total == Expected.total(kept))
        #expect(byUser.rowsSince == CalendarDate(first))
        #expect(try reader.report(.init(groups: [.user], since: CalendarDate(first))).rowsSince == nil)
        #expect(try reader.row(ofRequest: try #require(rows.first { $0.day.day < first }).requestID) == nil)
        for row in kept.prefix(20) { #expect(try reader.row(ofRequest: row.requestID) == row) }
        let found = try reader.verify()
        #expect(found.differences == 0, "\(found.shown)")
        #expect(found.rows == kept.count && found.wholeFrom == CalendarDate(first))
        let owner = Scope.owner("team 1")
        let day = UsageRows.calendarDay(UsageRows.firstDay)
        #expect(try store.spent(by: owner, on: day) == Expected.spent(rows, by: owner, on: day))
        // Room is given back, and the store goes on with the file that it has changed.
        try store.close()
        #expect(try size(of: "usage.db") < size(of: "whole.db") / 2)
        let reopened = try UsageStore(path: directory.path + "/usage.db")
        #expect(try reopened.fold(counting: kept + generator.next(100)) == 100)
        #expect(try reopened.makeReader().verify().differences == 0)
    }

    @Test("Pruning again, or with nothing to prune, changes nothing")
    func again() throws {
        #expect(try store.prune(keepingDays: 2) == UsagePruning(rows: 0, clients: 0, firstDay: nil))
        var generator = UsageRows(days: 6)
        try store.fold(generator.next(300))
        #expect(try store.prune(keepingDays: 90) == UsagePruning(rows: 0, clients: 0, firstDay: nil))
        #expect(try store.prune(keepingDays: .max).rows == 0)
        let first = try store.prune(keepingDays: 3)
        #expect(first.rows > 0)
        #expect(try store.prune(keepingDays: 3) == UsagePruning(rows: 0, clients: 0, firstDay: first.firstDay))
        #expect(try store.prune(keepingDays: 5).firstDay == first.firstDay)
        #expect(try store.makeReader().verify().differences == 0)
    }

    @Test("A row of a pruned day still counts, and the days that are whole stay known")
    func late() throws {
        var generator = UsageRows(days: 6)
        try store.fold(generator.next(300))
        _ = try store.prune(keepingDays: 2)
        try store.fold([UsageRows.row("req_late")])
        #expect(try store.makeReader().verify().differences == 0)
        #expect(try store.makeReader().report(.init()).total.requests == 301)
        #expect(try store.prune(keepingDays: 2).rows == 1)
    }

    @Test("Fewer days than a request may run over are refused", arguments: [1, 0, -1, Int.min])
    func refused(days: Int) throws {
        let error = #expect(throws: StoreError.self) { try store.prune(keepingDays: days) }
        #expect(error?.code == .invalidValue)
    }

    private func size(of name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)
        return attributes[.size] as? Int ?? 0
    }
}
