import Metrics
import PinionMetrics
import Testing

/// What keeps the page and the memory small, whatever is recorded.
@Suite("Bounds")
struct BoundednessTests {
    private let registry = PrometheusRegistry()

    @Test("What is not declared is dropped, whatever its kind")
    func undeclared() {
        registry.declare(MetricDescription(name: "known_total", help: "Help.", kind: .counter))
        let before = registry.text
        let dimensions = [("path", "/v1")]
        Counter(label: "http.server.requests", dimensions: dimensions, factory: registry).increment()
        FloatingPointCounter(label: "known", dimensions: dimensions, factory: registry).increment()
        Meter(label: "http.server.active_requests", dimensions: dimensions, factory: registry).set(3)
        Gauge(label: "known_total_", dimensions: dimensions, factory: registry).record(3)
        Recorder(label: "sizes", dimensions: dimensions, factory: registry).record(3)
        let timer = Timer(label: "http.server.request.duration", dimensions: dimensions, factory: registry)
        timer.recordNanoseconds(3)
        timer.destroy()
        #expect(registry.text == before)
    }

    @Test("A handler made before its metric is declared records nothing")
    func declaredLate() {
        let early = Counter(label: "late_total", factory: registry)
        registry.declare(MetricDescription(name: "late_total", help: "Help.", kind: .counter))
        early.increment()
        #expect(registry.samples == ["late_total 0"])
    }

    @Test("Combinations beyond the limit count together in the overflow series, and none is lost")
    func seriesLimit() {
        registry.declare(
            MetricDescription(name: "paths_total", help: "Help.", kind: .counter, labels: ["path", "code"]))
        let excess = 50
        for _ in 0..<2 {
            for number in 0..<(PrometheusRegistry.seriesLimit + excess) {
                Counter(label: "paths_total", dimensions: [("path", "/\(number)"), ("code", "200")], factory: registry)
                    .increment()
            }
        }
        let samples = registry.samples
        #expect(samples.count == PrometheusRegistry.seriesLimit + 1)
        #expect(samples.contains(#"paths_total{path="/0",code="200"} 2"#))
        #expect(samples.contains(#"paths_total{path="/\#(PrometheusRegistry.seriesLimit - 1)",code="200"} 2"#))
        #expect(samples.contains(#"paths_total{path="other",code="other"} \#(2 * excess)"#))
    }

    @Test("Destroying a handler makes room, except the overflow's, which others share")
    func destroyMakesRoom() {
        registry.declare(MetricDescription(name: "n", help: "Help.", kind: .gauge, labels: ["id"]))
        let gauges = (0...PrometheusRegistry.seriesLimit).map { number in
            Gauge(label: "n", dimensions: [("id", "\(number)")], factory: registry)
        }
        gauges[PrometheusRegistry.seriesLimit].record(7)
        gauges[PrometheusRegistry.seriesLimit].destroy()
        #expect(registry.samples.contains(#"n{id="other"} 7"#))
        gauges[0].destroy()
        Gauge(label: "n", dimensions: [("id", "new")], factory: registry).record(8)
        #expect(registry.samples.contains(#"n{id="new"} 8"#))
    }

    @Test("A label value beyond the limit of length goes to the overflow series")
    func longLabel() {
        registry.declare(MetricDescription(name: "n_total", help: "Help.", kind: .counter, labels: ["id"]))
        let longest = String(repeating: "x", count: PrometheusRegistry.labelValueLimit)
        Counter(label: "n_total", dimensions: [("id", longest)], factory: registry).increment()
        Counter(label: "n_total", dimensions: [("id", longest + "x")], factory: registry).increment(by: 2)
        #expect(registry.samples == [#"n_total{id="other"} 2"#, #"n_total{id="\#(longest)"} 1"#])
    }

    @Test("Different label values never meet in one series, however they are escaped")
    func escapedLabelsStayApart() {
        registry.declare(MetricDescription(name: "n_total", help: "Help.", kind: .counter, labels: ["a", "b"]))
        for (a, b) in [("x", "y"), (#"x",b="y"#, ""), ("\n", ""), (#"\n"#, "")] {
            Counter(label: "n_total", dimensions: [("a", a), ("b", b)], factory: registry).increment()
        }
        #expect(registry.samples.count == 4)
    }
}
