import Metrics
import PinionMetrics
import Testing

/// Descriptions and handlers that break the rules, each of which stops a process of its own.
@Suite("Declarations")
struct DeclarationTests {
    @Test("Names that follow the conventions are taken")
    func goodNames() {
        let registry = PrometheusRegistry()
        registry.declare(MetricDescription(name: "a:B_9_total", help: "", kind: .counter, labels: ["_a", "B9", "le"]))
        registry.declare(MetricDescription(name: "_x", help: "", kind: .gauge))
        registry.declare(
            MetricDescription(name: "x_seconds", help: "", kind: .histogram(buckets: [1], unit: .seconds)))
        #expect(registry.samples.count == 5)
    }

    @Test(
        "Names that break the conventions stop the program",
        arguments: ["", "9a", "a-b", "a.b", "a b", "é", "a\n", "a_total"])
    func badGaugeName(_ name: String) async {
        await #expect(processExitsWith: .failure) { [name] in
            _ = MetricDescription(name: name, help: "Help.", kind: .gauge)
        }
    }

    @Test("A counter's name must end in _total")
    func counterName() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricDescription(name: "requests", help: "Help.", kind: .counter)
        }
    }

    @Test("A histogram's name ends in _seconds if and only if it is in seconds")
    func histogramName() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricDescription(name: "wait", help: "Help.", kind: .histogram(buckets: [1], unit: .seconds))
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricDescription(name: "wait_seconds", help: "Help.", kind: .histogram(buckets: [1], unit: .plain))
        }
    }

    @Test("Label names that break the conventions stop the program", arguments: ["", "9a", "a:b", "a-b", "__a", "le"])
    func badLabel(_ label: String) async {
        await #expect(processExitsWith: .failure) { [label] in
            _ = MetricDescription(
                name: "size", help: "Help.", kind: .histogram(buckets: [1], unit: .plain), labels: ["ok", label])
        }
    }

    @Test("A label named twice stops the program")
    func labelTwice() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricDescription(name: "size", help: "Help.", kind: .gauge, labels: ["a", "b", "a"])
        }
    }

    @Test(
        "Bounds that are missing, too many, not finite or do not rise stop the program",
        arguments: [
            [], [1, 1], [2, 1], [1, .infinity], [.nan], (0...MetricDescription.bucketLimit).map(Double.init),
        ])
    func badBuckets(_ buckets: [Double]) async {
        // NaN and infinity do not survive the way to the other process as JSON.
        await #expect(processExitsWith: .failure) { [bits = buckets.map(\.bitPattern) as [UInt64]] in
            let buckets = bits.map(Double.init(bitPattern:))
            _ = MetricDescription(name: "size", help: "Help.", kind: .histogram(buckets: buckets, unit: .plain))
        }
    }

    @Test("Two metrics whose samples bear one name stop the program", arguments: ["size", "size_count", "size_bucket"])
    func declaredTwice(_ name: String) async {
        await #expect(processExitsWith: .failure) { [name] in
            let registry = PrometheusRegistry()
            registry.declare(
                MetricDescription(name: "size", help: "Help.", kind: .histogram(buckets: [1], unit: .plain)))
            registry.declare(MetricDescription(name: name, help: "Help.", kind: .gauge))
        }
    }

    @Test("A handler of another kind than was declared stops the program", arguments: 0..<5)
    func wrongKind(_ kind: Int) async {
        await #expect(processExitsWith: .failure) { [kind] in
            let registry = PrometheusRegistry()
            registry.declare(MetricDescription(name: "a_total", help: "Help.", kind: .counter))
            registry.declare(MetricDescription(name: "b", help: "Help.", kind: .gauge))
            registry.declare(MetricDescription(name: "c", help: "", kind: .histogram(buckets: [1], unit: .plain)))
            switch kind {
            case 0: Meter(label: "a_total", factory: registry).set(1)
            case 1: Counter(label: "b", factory: registry).increment()
            case 2: Recorder(label: "b", aggregate: true, factory: registry).record(1)
            case 3: Timer(label: "c", factory: registry).recordNanoseconds(1)
            default: Gauge(label: "c", factory: registry).record(1)
            }
        }
    }

    @Test(
        "Dimensions other than the declared labels stop the program", arguments: [[], ["b"], ["a", "b"], ["a", "a"]])
    func wrongDimensions(_ names: [String]) async {
        await #expect(processExitsWith: .failure) { [names] in
            let registry = PrometheusRegistry()
            registry.declare(MetricDescription(name: "n", help: "Help.", kind: .gauge, labels: ["a"]))
            Gauge(label: "n", dimensions: names.map { ($0, "value") }, factory: registry).record(1)
        }
    }
}
