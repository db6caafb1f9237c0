import Metrics
import PinionMetrics
import Testing

/// The text of an exposition, against what Prometheus' format says it is.
@Suite("Exposition format")
struct ExpositionTests {
    private let registry = PrometheusRegistry()

    private func declare(_ name: String, _ kind: MetricDescription.Kind, labels: [String] = [], help: String = "Help.")
    {
        registry.declare(MetricDescription(name: name, help: help, kind: kind, labels: labels))
    }

    @Test("Nothing declared gives an empty page")
    func empty() {
        #expect(registry.text == "")
    }

    @Test("The content type names version 0.0.4")
    func contentType() {
        #expect(PrometheusRegistry.contentType == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test("A declared metric without labels shows 0 before its first use")
    func zeroBeforeUse() {
        declare("requests_total", .counter)
        declare("depth", .gauge)
        declare("wait_seconds", .histogram(buckets: [0.5], unit: .seconds))
        #expect(
            registry.text == """
                # HELP requests_total Help.
                # TYPE requests_total counter
                requests_total 0
                # HELP depth Help.
                # TYPE depth gauge
                depth 0
                # HELP wait_seconds Help.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.5"} 0
                wait_seconds_bucket{le="+Inf"} 0
                wait_seconds_sum 0
                wait_seconds_count 0

                """)
    }

    @Test("A metric with labels shows its comments alone until a handler is made")
    func labelledBeforeUse() {
        declare("tokens_total", .counter, labels: ["model"])
        #expect(registry.text == "# HELP tokens_total Help.\n# TYPE tokens_total counter\n")
        _ = Counter(label: "tokens_total", dimensions: [("model", "a")], factory: registry)
        #expect(registry.samples == [#"tokens_total{model="a"} 0"#])
    }

    @Test("A histogram's buckets are cumulative and end with +Inf, sum and count")
    func histogram() {
        declare("batch", .histogram(buckets: [1, 2.5, 1e-5 + 4], unit: .plain), labels: ["model"])
        let batch = Recorder(label: "batch", dimensions: [("model", "a")], factory: registry)
        for value in [1, 2, 2, 3, 9] { batch.record(value) }
        batch.record(0.5)
        #expect(
            registry.samples == [
                #"batch_bucket{model="a",le="1"} 2"#,
                #"batch_bucket{model="a",le="2.5"} 4"#,
                #"batch_bucket{model="a",le="4.00001"} 5"#,
                #"batch_bucket{model="a",le="+Inf"} 6"#,
                #"batch_sum{model="a"} 17.5"#,
                #"batch_count{model="a"} 6"#,
            ])
    }

    @Test("Label values escape backslash, quote and newline, help the first and the last")
    func escaping() {
        declare("odd", .gauge, labels: ["value"], help: "A \"quote\", a \\ and\na line, é.")
        Gauge(label: "odd", dimensions: [("value", "a\\b\"c\nd\u{E9}{,}=")], factory: registry).record(1)
        #expect(
            registry.text == #"""
                # HELP odd A "quote", a \\ and\na line, é.
                # TYPE odd gauge
                odd{value="a\\b\"c\ndé{,}="} 1

                """#)
    }

    @Test("Numbers are spelled as Go reads them")
    func numbers() {
        declare("value", .gauge)
        let gauge = Gauge(label: "value", factory: registry)
        let spellings: [(Double, String)] = [
            (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (0, "0"), (-0.0, "0"), (-3, "-3"),
            (0.1, "0.1"), (1_000_000, "1000000"), (1234.5, "1234.5"), (0.00001, "1e-05"), (-2.5e-7, "-2.5e-07"),
            (0x1p53, "9007199254740992"), (1e16, "1e+16"), (1.5e300, "1.5e+300"), (.leastNonzeroMagnitude, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
        ]
        for (value, spelling) in spellings {
            gauge.record(value)
            #expect(registry.samples == ["value \(spelling)"])
        }
    }

    @Test("Metrics come in the order of declaration, their series in that of their labels' text")
    func order() {
        declare("z", .gauge, labels: ["b", "a"])
        declare("a", .gauge)
        for (a, b) in [("1", "2"), ("2", "1"), ("1", "1"), ("0", "3")] {
            Gauge(label: "z", dimensions: [("a", a), ("b", b)], factory: registry).record(1)
        }
        #expect(
            registry.samples == [
                #"z{b="1",a="1"} 1"#, #"z{b="1",a="2"} 1"#, #"z{b="2",a="1"} 1"#, #"z{b="3",a="0"} 1"#, "a 0",
            ])
    }

    @Test("The order of a handler's dimensions does not matter")
    func dimensionOrder() {
        declare("n_total", .counter, labels: ["a", "b"])
        Counter(label: "n_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "n_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(registry.samples == [#"n_total{a="1",b="2"} 2"#])
    }
}

extension PrometheusRegistry {
    var text: String { String(decoding: exposition(), as: UTF8.self) }

    /// The page's lines without the comments.
    var samples: [String] { text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init) }
}
