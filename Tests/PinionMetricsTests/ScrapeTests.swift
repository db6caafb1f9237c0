import Foundation
import Metrics
import PinionMetrics
import Synchronization
import Testing

/// Scrape actions, and scrapes while others record.
@Suite("Scrapes")
struct ScrapeTests {
    private let registry = PrometheusRegistry()

    @Test("Scrape actions run before each page is written, in the order added")
    func scrapeActions() {
        registry.declare(MetricDescription(name: "depth", help: "Help.", kind: .gauge))
        let depth = Meter(label: "depth", factory: registry)
        registry.onScrape { depth.set(20) }
        registry.onScrape { depth.increment() }
        depth.set(1)
        #expect(registry.samples == ["depth 21"])
        depth.set(1)
        #expect(registry.samples == ["depth 21"])
    }

    @Test("Scrape actions of concurrent scrapes do not overlap")
    func scrapeActionsAlone() async {
        registry.declare(MetricDescription(name: "work_total", help: "Help.", kind: .counter))
        let counter = Counter(label: "work_total", factory: registry)
        let done = Atomic<Int>(0)
        let reported = Mutex(0)
        registry.onScrape {
            let before = reported.withLock { $0 }
            let now = done.add(1, ordering: .relaxed).newValue
            Thread.sleep(forTimeInterval: 0.0005)
            counter.increment(by: now - before)
            reported.withLock { $0 = now }
        }
        let scrapes = 40
        await onThreads(4) { _ in
            for _ in 0..<(scrapes / 4) { _ = registry.exposition() }
        }
        #expect(registry.samples == ["work_total \(scrapes + 1)"])
    }

    @Test("Totals are exact when several threads record, and each scrape meanwhile is consistent")
    func concurrency() async throws {
        let (threads, rounds) = (4, 8_000)
        registry.declare(MetricDescription(name: "n_total", help: "Help.", kind: .counter, labels: ["kind"]))
        registry.declare(MetricDescription(name: "level", help: "Help.", kind: .gauge))
        registry.declare(
            MetricDescription(name: "size", help: "Help.", kind: .histogram(buckets: [0.5, 1.5, 2.5], unit: .plain)))
        let running = Atomic<Int>(threads)
        let scrapes = Mutex<[[String]]>([])
        await onThreads(threads + 1) { thread in
            if thread == threads {
                repeat {
                    let page = registry.samples
                    scrapes.withLock { $0.append(page) }
                } while running.load(ordering: .acquiring) > 0
                return
            }
            let shared = Counter(label: "n_total", dimensions: [("kind", "shared")], factory: registry)
            let level = Meter(label: "level", factory: registry)
            let size = Recorder(label: "size", factory: registry)
            for round in 0..<rounds {
                shared.increment()
                Counter(label: "n_total", dimensions: [("kind", "\(round % 3)")], factory: registry).increment(by: 2)
                level.increment(by: 3)
                level.decrement(by: 2)
                size.record(1)
                size.record(round % 4)
            }
            running.subtract(1, ordering: .releasing)
        }
        let each = threads * rounds
        #expect(
            registry.samples == [
                #"n_total{kind="0"} \#(2 * threads * ((rounds + 2) / 3))"#,
                #"n_total{kind="1"} \#(2 * threads * ((rounds + 1) / 3))"#,
                #"n_total{kind="2"} \#(2 * threads * (rounds / 3))"#,
                #"n_total{kind="shared"} \#(each)"#,
                "level \(each)",
                #"size_bucket{le="0.5"} \#(each / 4)"#,
                #"size_bucket{le="1.5"} \#(each + each / 2)"#,
                #"size_bucket{le="2.5"} \#(each + each / 4 * 3)"#,
                #"size_bucket{le="+Inf"} \#(2 * each)"#,
                "size_sum \(each + each / 4 * 6)",
                "size_count \(2 * each)",
            ])
        for page in scrapes.withLock({ $0 }) { try checkSize(page) }
    }

    /// The count is the last bucket, the buckets rise, and the sum is what so many 0, 1, 2 and 3 make.
    private func checkSize(_ page: [String]) throws {
        let numbers = try page.filter { $0.hasPrefix("size_") }.map { line in
            try #require(Int(line.split(separator: " ")[1]))
        }
        try #require(numbers.count == 6)
        let (buckets, sum, count) = (numbers[0..<4], numbers[4], numbers[5])
        #expect(count == buckets[3])
        #expect(Array(buckets) == buckets.sorted())
        #expect(sum == (buckets[1] - buckets[0]) + 2 * (buckets[2] - buckets[1]) + 3 * (buckets[3] - buckets[2]))
    }

    /// Runs a body on so many threads of their own and waits for them all.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let left = Atomic<Int>(count)
            for number in 0..<count {
                Thread.detachNewThread {
                    body(number)
                    if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done.resume() }
                }
            }
        }
    }
}
