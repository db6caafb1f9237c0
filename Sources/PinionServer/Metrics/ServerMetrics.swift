import CoreMetrics
import Foundation
import Metrics
package import PinionMetrics
import Synchronization

/// What the server measures, and under which names.
///
/// Labels are bounded: routes are those of the table, models those that are served, statuses those of HTTP.
package final class ServerMetrics: Sendable {
    package let registry: PrometheusRegistry
    /// What the status page tells.
    package let activity: ServerActivity
    let residentMemory: @Sendable () -> Int?
    private let models = Mutex<[String: ModelMetrics]>([:])

    /// - Parameters:
    ///   - residentMemory: Bytes of memory that the process holds; nil where the system does not tell.
    package init(
        _ registry: PrometheusRegistry = PrometheusRegistry(), activity: ServerActivity = ServerActivity(),
        residentMemory: @escaping @Sendable () -> Int?
    ) {
        self.registry = registry
        self.activity = activity
        self.residentMemory = residentMemory
        for description in Self.descriptions { registry.declare(description) }
        let resident = Meter(label: "process_resident_memory_bytes", factory: registry)
        Meter(label: "process_start_time_seconds", factory: registry).set(Date().timeIntervalSince1970)
        registry.onScrape {
            if let bytes = residentMemory() { resident.set(Double(bytes)) }
        }
    }

    /// The handlers of a served model; made once.
    package func model(_ id: String) -> ModelMetrics {
        models.withLock { models in
            if let known = models[id] { return known }
            let made = ModelMetrics(model: id, activity: activity.model(id), factory: registry)
            models[id] = made
            return made
        }
    }

    /// Counts an answered request.
    ///
    /// - Parameter model: The id of a served model; nil when the request named none.
    func answered(route: String, status: Int, model: String?, in time: Duration) {
        let route = ("route", route)
        Counter(
            label: Name.requests, dimensions: [route, ("status", String(status)), ("model", model ?? "")],
            factory: registry
        ).increment()
        Timer(label: Name.requestSeconds, dimensions: [route], factory: registry).record(duration: time)
    }
}

extension ServerMetrics {
    enum Name {
        static let requests = "pinion_http_requests_total"
        static let requestSeconds = "pinion_http_request_duration_seconds"
        static let firstTokenSeconds = "pinion_time_to_first_token_seconds"
        static let gapSeconds = "pinion_time_between_tokens_seconds"
        static let stepSeconds = "pinion_engine_step_seconds"
        static let promptTokens = "pinion_prompt_tokens_total"
        static let cachedTokens = "pinion_prompt_tokens_cached_total"
        static let generatedTokens = "pinion_generated_tokens_total"
        static let computedTokens = "pinion_prompt_tokens_computed_total"
        static let draftedTokens = "pinion_draft_tokens_total"
        static let acceptedTokens = "pinion_draft_tokens_accepted_total"
        static let preemptions = "pinion_preemptions_total"
        static let failures = "pinion_engine_failures_total"
        static let compilations = "pinion_grammar_compilations_total"
        static let foundGrammars = "pinion_grammar_cache_hits_total"
        static let compileSeconds = "pinion_grammar_compile_seconds"
        static let maskSeconds = "pinion_grammar_mask_seconds"
        static let forcedTokens = "pinion_forced_tokens_total"
        static let toolCalls = "pinion_tool_calls_total"
        static let degradedReplies = "pinion_degraded_replies_total"
        static let sequences = "pinion_sequences"
        static let blocks = "pinion_kv_blocks"
    }

    /// Bounds of histograms, in seconds: a factor of two to two and a half from one to the next.
    private static let shortTimes = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]
    private static let briefTimes = [
        0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.1, 1,
    ]
    private static let longTimes = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]

    private static let descriptions: [MetricDescription] = [
        .init(
            name: Name.requests, help: "Requests answered, a stream when it has ended.", kind: .counter,
            labels: ["route", "status", "model"]),
        .init(
            name: Name.requestSeconds, help: "Time from a request's head to the end of its reply.",
            kind: .histogram(buckets: longTimes, unit: .seconds), labels: ["route"]),
        .init(
            name: Name.firstTokenSeconds, help: "Time from a whole request to the first text of its reply.",
            kind: .histogram(buckets: longTimes, unit: .seconds), labels: ["model"]),
        .init(
            name: Name.gapSeconds, help: "Time from a stream's last tokens to its next ones, in the engine.",
            kind: .histogram(buckets: shortTimes, unit: .seconds), labels: ["model"]),
        .init(
            name: Name.stepSeconds, help: "Time of an engine step.",
            kind: .histogram(buckets: shortTimes, unit: .seconds), labels: ["model"]),
        .init(
            name: Name.promptTokens, help: "Tokens of the prompts of completed requests.", kind: .counter,
            labels: ["model"]),
        .init(
            name: Name.cachedTokens,
            help: "Tokens of prompts that were found in the cache, of requests that got as far as a first token.",
            kind: .counter,
            labels: ["model"]),
        .init(name: Name.generatedTokens, help: "Tokens sampled.", kind: .counter, labels: ["model"]),
        .init(
            name: Name.computedTokens, help: "Tokens computed before a first one was sampled, or after a preemption.",
            kind: .counter, labels: ["model"]),
        .init(
            name: Name.draftedTokens, help: "Guessed tokens that were computed ahead.", kind: .counter,
            labels: ["model"]),
        .init(
            name: Name.acceptedTokens, help: "Guessed tokens that were right.", kind: .counter, labels: ["model"]),
        .init(
            name: Name.preemptions, help: "Sequences whose cache blocks were taken for others.", kind: .counter,
            labels: ["model"]),
        .init(
            name: Name.failures, help: "Failures of the engine, and failed attempts to rebuild it.", kind: .counter,
            labels: ["model"]),
        .init(
            name: Name.compilations,
            help: "Formats of replies (schemas, patterns, choices, grammars) that were compiled or refused.",
            kind: .counter, labels: ["model"]),
        .init(
            name: Name.foundGrammars, help: "Formats of replies that were compiled already.", kind: .counter,
            labels: ["model"]),
        .init(
            name: Name.compileSeconds, help: "Time of compiling the format of a reply.",
            kind: .histogram(buckets: shortTimes, unit: .seconds), labels: ["model"]),
        .init(
            name: Name.maskSeconds, help: "Time of finding the tokens that a reply may go on with.",
            kind: .histogram(buckets: briefTimes, unit: .seconds), labels: ["model"]),
        .init(
            name: Name.forcedTokens, help: "Tokens that the format of their reply left no choice about.",
            kind: .counter, labels: ["model"]),
        .init(
            name: Name.toolCalls, help: "Calls of tools that were told.", kind: .counter, labels: ["model"]),
        .init(
            name: Name.degradedReplies, help: "Replies in which something began as a call of a tool and was none.",
            kind: .counter, labels: ["model"]),
        .init(
            name: Name.sequences, help: "Sequences in the engine; those that wait are its queue.", kind: .gauge,
            labels: ["model", "state"]),
        .init(
            name: Name.blocks, help: "Blocks of the KV cache, of 16 tokens each.", kind: .gauge,
            labels: ["model", "state"]),
        .init(name: "process_resident_memory_bytes", help: "Resident memory.", kind: .gauge),
        .init(name: "process_start_time_seconds", help: "Unix time at which the server began.", kind: .gauge),
    ]
}
