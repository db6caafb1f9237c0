import Foundation
import PinionEngine
import Synchronization
import Testing

@Suite("Waits of the engine")
struct MonotonicConditionTests {
    @Test("A wait ends at its deadline when nobody signals, and not before")
    func deadline() {
        let condition = MonotonicCondition()
        // Nanoseconds that carry into the next second, and a time that is over already.
        for milliseconds in [-5, 0, 20, 999] {
            let start = ContinuousClock.now
            let end = start + .milliseconds(milliseconds)
            condition.withLock { while condition.wait(until: end) {} }
            let waited = ContinuousClock.now - start
            #expect(waited >= .milliseconds(milliseconds) && waited < .milliseconds(milliseconds + 2_000))
        }
    }

    @Test("A signal ends a wait at once, with a deadline and without", arguments: [true, false])
    func signal(_ hasDeadline: Bool) async {
        let condition = MonotonicCondition()
        let isOpen = Mutex(false)
        let start = ContinuousClock.now
        await withCheckedContinuation { done in
            let thread = Thread {
                condition.withLock {
                    while !isOpen.withLock({ $0 }) {
                        if hasDeadline { _ = condition.wait(until: start + .seconds(60)) } else { condition.wait() }
                    }
                }
                done.resume()
            }
            thread.start()
            condition.withLock {
                isOpen.withLock { $0 = true }
                condition.signal()
            }
        }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("No source file waits by the wall clock")
    func noWallClock() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            count += 1
            let text = try String(contentsOf: file, encoding: .utf8)
            // A deadline that is a date, in every way that Foundation and Dispatch offer.
            for word in [
                "timeIntervalSinceNow", "wait(until: Date", "Date() <", "Date() >", "Date.now <", "Date.now >",
                "addingTimeInterval", "wallDeadline", "wallTimeout", "DispatchWallTime",
            ] {
                #expect(!text.contains(word), "\(file.lastPathComponent) has '\(word)'")
            }
        }
        #expect(count > 100)
    }
}
