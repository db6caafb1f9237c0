import Foundation
import PinionLedger
import PinionStore
import Synchronization
import Testing

@Suite("A million rows of 50,000 users", .serialized)
struct MillionRowsTests {
    /// A directory where the database is made and left, or 1 for one that goes away.
    static let place = ProcessInfo.processInfo.environment["PINION_MILLION_ROWS"]
    private static let count = 1_000_000

    @Test(
        "They take little room, open at once, and are reported by user in under a second while more are folded in",
        .enabled(if: place != nil, "PINION_MILLION_ROWS=1 asks for it"))
    func measured() async throws {
        let directory = try TemporaryDirectory()
        let kept = Self.place.flatMap { $0 == "1" ? nil : $0 }
        let path = (kept ?? directory.path) + "/usage.db"
        var generator = UsageRows(users: 50_000, days: 30)
        var folds: [Duration] = []
        do {
            let store = try UsageStore(path: path)
            for _ in 0..<Self.count / 1_000 {
                let rows = generator.next(1_000)
                folds.append(try ContinuousClock().measure { try store.fold(rows) })
            }
            try store.close()
        }
        folds.sort()
        print("folds of 1,000 rows: median \(folds[500]), p99 \(folds[990]), longest \(folds[999])")
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        print("size: \(size / 1_000_000) MB")
        #expect(size < 160_000_000)
        guard kept == nil else { return }

        let clock = ContinuousClock()
        var opened: UsageStore?
        let opening = try clock.measure {
            opened = try UsageStore(path: path)
            for index in 0..<7 {
                _ = try opened?.spent(by: .key("key_\(index)"), on: UsageRows.calendarDay(UsageRows.firstDay))
            }
        }
        print("opening, with what 7 keys have spent: \(opening)")
        #expect(opening < .seconds(1))
        let store = try #require(opened)
        let question = try clock.measure {
            for index in 0..<1_000 {
                _ = try store.spent(by: .key("key_\(index % 7)"), on: UsageRows.calendarDay(UsageRows.firstDay))
            }
        }
        print("a question of what a scope has spent: \(question / 1_000)")

        let rounds = (0..<400).map { _ in generator.next(50) }
        let isDone = Atomic(false)
        async let writing: [Duration] = Task.detached {
            var times: [Duration] = []
            for rows in rounds where !isDone.load(ordering: .relaxed) {
                times.append(try clock.measure { try store.fold(rows) })
                try await Task.sleep(for: .milliseconds(20))
            }
            return times
        }.value
        let queries: [UsageReport.Query] = [
            .init(groups: [.user]), .init(groups: [.user], since: CalendarDate(UsageRows.firstDay + 23)),
            .init(groups: [.hour]), .init(groups: [.day]), .init(groups: [.key, .model]),
            .init(groups: [.day, .user], user: "user-77"),
        ]
        let reader = try UsageReader(path: path)
        for query in queries {
            for _ in 0..<3 {
                let time = try clock.measure { _ = try reader.report(query) }
                print("report by \(query.groups.map(\.rawValue)), \(query.since?.text ?? "all days"): \(time)")
                if query.groups == [.user] { #expect(time < .seconds(1)) }
            }
        }
        isDone.store(true, ordering: .relaxed)
        let times = try await writing.sorted()
        print(
            "folds of 50 rows beside reports: \(times.count), median \(times[times.count / 2]), longest \(times.last!)")
        var found: UsageVerification?
        print("verify: \(try clock.measure { found = try reader.verify() })")
        #expect(found?.differences == 0)
        let row = try clock.measure { _ = try reader.row(ofRequest: rounds[0][0].requestID) }
        print("a request's row: \(row)")
        print("pruning 23 of 30 days: \(try clock.measure { _ = try store.prune(keepingDays: 7) })")
        #expect(try reader.verify().differences == 0)
    }
}
