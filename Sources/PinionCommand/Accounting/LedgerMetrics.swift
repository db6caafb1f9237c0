import CoreMetrics
import Metrics
import PinionLedger
import PinionMetrics
import Synchronization

/// Publishes what the ledger tells of itself whenever metrics are scraped.
struct LedgerMetrics {
    private enum Name {
        static let refusals = "pinion_refusals_total"
        static let running = "pinion_ledger_requests"
        static let reserved = "pinion_ledger_reserved_tokens"
        static let journal = "pinion_ledger_journal_bytes"
        static let room = "pinion_ledger_journal_free_bytes"
        static let foldSeconds = "pinion_ledger_last_fold_seconds"
        static let failed = "pinion_ledger_fold_failed"
    }

    private static let descriptions: [MetricDescription] = [
        .init(name: Name.refusals, help: "Requests that a limit refused.", kind: .counter, labels: ["reason"]),
        .init(name: Name.running, help: "Requests that hold a reservation.", kind: .gauge),
        .init(name: Name.reserved, help: "Tokens that are reserved for requests that run.", kind: .gauge),
        .init(name: Name.journal, help: "Bytes of usage that are not in the database yet.", kind: .gauge),
        .init(name: Name.room, help: "Bytes of usage that the journal has room for.", kind: .gauge),
        .init(name: Name.foldSeconds, help: "Time of the last fold of the journal into the database.", kind: .gauge),
        .init(name: Name.failed, help: "1 while the journal cannot be folded into the database.", kind: .gauge),
    ]

    private let ledger: Ledger
    private let registry: PrometheusRegistry

    init(_ ledger: Ledger, registry: PrometheusRegistry) {
        (self.ledger, self.registry) = (ledger, registry)
    }

    func publish() {
        for description in Self.descriptions { registry.declare(description) }
        let told = Mutex<[String: Int]>([:])
        registry.onScrape { [ledger, registry] in
            let state = ledger.state
            func set(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) {
                Meter(label: name, dimensions: dimensions, factory: registry).set(value)
            }
            told.withLock { told in
                for (reason, count) in state.refusals {
                    Counter(label: Name.refusals, dimensions: [("reason", reason)], factory: registry)
                        .increment(by: count - told[reason, default: 0])
                    told[reason] = count
                }
            }
            set(Name.running, Double(state.running))
            set(Name.reserved, Double(state.reservedTokens))
            set(Name.journal, Double(state.journalLength))
            set(Name.room, Double(state.journalRoom))
            set(Name.foldSeconds, state.foldTime / .seconds(1))
            set(Name.failed, state.foldFailure == nil ? 0 : 1)
        }
    }
}
