import Synchronization

/// The metrics of a process, written for Prometheus in its text exposition format, version 0.0.4.
///
/// It is a backend of swift-metrics that knows only what was declared:
///
///     let registry = PrometheusRegistry()
///     registry.declare(
///         MetricDescription(
///             name: "pinion_tokens_total", help: "Tokens sampled.", kind: .counter, labels: ["model"]))
///     let tokens = Counter(label: "pinion_tokens_total", dimensions: [("model", "tiny/1")], factory: registry)
///     tokens.increment()
///     let page: [UInt8] = registry.exposition()
///
/// Whatever else is recorded is dropped without a word. Libraries record metrics of their own through swift-metrics,
/// some with labels that a client chooses (the path of a request, say); a registry that took them would grow for as
/// long as somebody asks for new paths. For the same reason a declared metric has at most `seriesLimit` combinations
/// of label values, after which an overflow series takes the rest.
///
/// Declare a metric before its handlers are made: a handler made earlier records nothing, for good. A declared metric
/// whose handler is of another kind, or whose dimensions are not the declared labels, is a programmer's error and
/// stops the program.
///
/// Everything may be called from any thread. Making a handler takes locks and allocates; recording through one does
/// not allocate, and is an atomic addition (counters, gauges) or one short lock of its own series (histograms). Keep
/// the handlers where records are frequent.
///
/// Format: https://prometheus.io/docs/instrumenting/exposition_formats/
package final class PrometheusRegistry: Sendable {
    /// The media type of `exposition()`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Combinations of label values that a metric tells apart; one series more, with every label `overflowValue`,
    /// takes the combinations after them.
    package static let seriesLimit = 256

    /// The longest label value, in UTF-8 bytes; a combination with a longer one goes to the overflow series.
    package static let labelValueLimit = 256

    /// What each label of the overflow series says.
    package static let overflowValue = "other"

    private struct Declarations: Sendable {
        /// In the order of declaration.
        var families: [MetricFamily] = []
        var indices: [String: Int] = [:]
        var sampleNames: Set<String> = []
        var scrapeActions: [@Sendable () -> Void] = []
    }

    private let declarations = Mutex(Declarations())

    /// Held while the scrape actions run.
    private let scraping = Mutex(())

    package init() {}

    /// Makes a metric known; it appears in the exposition after those declared before it.
    ///
    /// A metric without labels shows 0 from now on, one with labels shows its values as their handlers are made.
    /// Declaring two metrics whose samples would bear one name stops the program.
    package func declare(_ description: MetricDescription) {
        let family = MetricFamily(description)
        declarations.withLock { declared in
            for name in description.sampleNames {
                precondition(
                    declared.sampleNames.insert(name).inserted,
                    "metric '\(description.name)' is declared twice, or another's samples are called '\(name)'")
            }
            declared.indices[description.name] = declared.families.count
            declared.families.append(family)
        }
    }

    /// Adds an action that runs before each exposition is written, to set gauges that are read rather than counted.
    ///
    /// Actions run in the order added, on the scraping thread, one scrape at a time: an action that remembers the
    /// total of its last run may add the difference to a counter. They are kept as long as the registry, should be
    /// short, and must not call `exposition()`.
    package func onScrape(_ action: @escaping @Sendable () -> Void) {
        declarations.withLock { $0.scrapeActions.append(action) }
    }

    /// All metrics as text (UTF-8), in the order of declaration and, in each, of the labels' text.
    ///
    /// Each series is a snapshot of one moment, a histogram's buckets, sum and count among themselves too; two series
    /// may be of moments a little apart.
    package func exposition() -> [UInt8] {
        let actions = declarations.withLock { $0.scrapeActions }
        scraping.withLock { _ in
            for action in actions { action() }
        }
        let families = declarations.withLock { $0.families }
        var writer = ExpositionWriter()
        for family in families { family.write(into: &writer) }
        return writer.bytes
    }

    /// The declared metric of a name; nil for all others.
    func family(named name: String) -> MetricFamily? {
        declarations.withLock { declared in
            declared.indices[name].map { declared.families[$0] }
        }
    }
}
