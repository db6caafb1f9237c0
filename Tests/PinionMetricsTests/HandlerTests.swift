import Metrics
import PinionMetrics
import Testing

/// What the handlers of swift-metrics do to the series they belong to.
@Suite("Handlers")
struct HandlerTests {
    private let registry = PrometheusRegistry()

    private func declare(_ name: String, _ kind: MetricDescription.Kind, labels: [String] = []) {
        registry.declare(MetricDescription(name: name, help: "Help.", kind: kind, labels: labels))
    }

    @Test("Whole and fractional counters of one name add up to one total")
    func counters() {
        declare("work_total", .counter)
        let whole = Counter(label: "work_total", factory: registry)
        whole.increment()
        whole.increment(by: 40)
        FloatingPointCounter(label: "work_total", factory: registry).increment(by: 0.25)
        #expect(registry.samples == ["work_total 41.25"])
    }

    @Test("A counter ignores amounts that are negative or not finite")
    func counterNeverFalls() {
        declare("work_total", .counter)
        Counter(label: "work_total", factory: registry).increment(by: 5)
        Counter(label: "work_total", factory: registry).increment(by: -2)
        for amount in [-0.5, .infinity, -.infinity, .nan] {
            FloatingPointCounter(label: "work_total", factory: registry).increment(by: amount)
        }
        #expect(registry.samples == ["work_total 5"])
    }

    @Test("A counter that is reset counts from 0 again")
    func counterReset() {
        declare("work_total", .counter)
        let counter = Counter(label: "work_total", factory: registry)
        counter.increment(by: 5)
        counter.reset()
        #expect(registry.samples == ["work_total 0"])
        counter.increment()
        #expect(registry.samples == ["work_total 1"])
    }

    @Test("A meter is set, raised and lowered; a gauge of the same name overwrites it")
    func gauges() {
        declare("depth", .gauge)
        let meter = Meter(label: "depth", factory: registry)
        meter.set(7)
        meter.increment()
        meter.decrement(by: 2.5)
        #expect(registry.samples == ["depth 5.5"])
        meter.set(-0.5)
        meter.decrement()
        #expect(registry.samples == ["depth -1.5"])
        Gauge(label: "depth", factory: registry).record(3)
        #expect(registry.samples == ["depth 3"])
        Recorder(label: "depth", aggregate: false, factory: registry).record(4)
        #expect(registry.samples == ["depth 4"])
    }

    @Test("A timer's nanoseconds become seconds, and a duration equal to a bound is in its bucket")
    func timerInSeconds() {
        declare("step_seconds", .histogram(buckets: [0.003, 0.005, 0.007, 1.1], unit: .seconds))
        let timer = Timer(label: "step_seconds", factory: registry)
        timer.recordNanoseconds(3_000_000)
        timer.recordNanoseconds(5_000_000)
        timer.recordNanoseconds(5_000_001)
        timer.recordMilliseconds(7)
        timer.record(duration: .milliseconds(1100))
        #expect(
            registry.samples.prefix(5) == [
                #"step_seconds_bucket{le="0.003"} 1"#,
                #"step_seconds_bucket{le="0.005"} 2"#,
                #"step_seconds_bucket{le="0.007"} 4"#,
                #"step_seconds_bucket{le="1.1"} 5"#,
                #"step_seconds_bucket{le="+Inf"} 5"#,
            ])
    }

    @Test("A timer that runs backwards counts a duration of 0")
    func negativeDuration() {
        declare("step_seconds", .histogram(buckets: [0, 1], unit: .seconds))
        let timer = Timer(label: "step_seconds", factory: registry)
        timer.recordNanoseconds(-1)
        timer.recordNanoseconds(Int64.min)
        #expect(registry.samples.first == #"step_seconds_bucket{le="0"} 2"#)
        #expect(registry.samples.suffix(2) == ["step_seconds_sum 0", "step_seconds_count 2"])
    }

    @Test("A histogram in seconds takes a recorder too, in seconds")
    func recorderInSeconds() {
        declare("step_seconds", .histogram(buckets: [2], unit: .seconds))
        Recorder(label: "step_seconds", factory: registry).record(1.5)
        #expect(registry.samples.contains("step_seconds_sum 1.5"))
    }

    @Test("Observations equal to a bound are in its bucket, those just above it in the next")
    func inclusiveBounds() {
        declare("size", .histogram(buckets: [-1, 0, 10], unit: .plain))
        let size = Recorder(label: "size", factory: registry)
        for value in [-1, Double(-1).nextUp, 0, Double(0).nextUp, 10, Double(10).nextUp] { size.record(value) }
        #expect(
            registry.samples.prefix(4) == [
                #"size_bucket{le="-1"} 1"#, #"size_bucket{le="0"} 3"#, #"size_bucket{le="10"} 5"#,
                #"size_bucket{le="+Inf"} 6"#,
            ])
    }

    @Test("A histogram ignores what is not finite")
    func histogramFinite() {
        declare("size", .histogram(buckets: [1], unit: .plain))
        let size = Recorder(label: "size", factory: registry)
        for value in [Double.nan, .infinity, -.infinity, 2] { size.record(value) }
        #expect(registry.samples.suffix(2) == ["size_sum 2", "size_count 1"])
    }

    @Test("A destroyed handler's series is gone, and a new handler begins at 0")
    func destroy() {
        declare("work_total", .counter, labels: ["model"])
        let counter = Counter(label: "work_total", dimensions: [("model", "a")], factory: registry)
        counter.increment(by: 5)
        counter.destroy()
        #expect(registry.samples == [])
        let second = Counter(label: "work_total", dimensions: [("model", "a")], factory: registry)
        second.increment()
        counter.increment()
        counter.destroy()
        #expect(registry.samples == [#"work_total{model="a"} 1"#])
    }

    @Test("Every kind of handler can be destroyed")
    func destroyAllKinds() {
        declare("a_total", .counter, labels: ["l"])
        declare("b", .gauge, labels: ["l"])
        declare("c_seconds", .histogram(buckets: [1], unit: .seconds), labels: ["l"])
        FloatingPointCounter(label: "a_total", dimensions: [("l", "1")], factory: registry).destroy()
        Meter(label: "b", dimensions: [("l", "1")], factory: registry).destroy()
        Gauge(label: "b", dimensions: [("l", "2")], factory: registry).destroy()
        Timer(label: "c_seconds", dimensions: [("l", "1")], factory: registry).destroy()
        Recorder(label: "c_seconds", dimensions: [("l", "2")], factory: registry).destroy()
        #expect(registry.samples == [])
    }

    @Test("A metric without labels outlives its handlers")
    func destroyUnlabelled() {
        declare("work_total", .counter)
        let counter = Counter(label: "work_total", factory: registry)
        counter.increment(by: 5)
        counter.destroy()
        #expect(registry.samples == ["work_total 5"])
    }
}
