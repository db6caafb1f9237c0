import CoreMetrics
import Metrics
import TextGeneration

/// Measures one generation for the metrics and for the access log: its events as the reader takes them, and its outcome.
///
/// Text after the first piece costs one comparison: the record is written when the prompt is accepted, at the first
/// text, at the end of a choice, with the usage and with the outcome.
struct CompletionMeter {
    private let metrics: ModelMetrics
    private let record: RequestRecord
    private let began = ContinuousClock.now
    private var firstText: ContinuousClock.Instant?

    init(_ metrics: ModelMetrics, record: RequestRecord) {
        self.metrics = metrics
        self.record = record
        record.beginCompletion()
    }

    mutating func observe(_ events: [GenerationEvent]) {
        for event in events { observe(event) }
    }

    private mutating func observe(_ event: GenerationEvent) {
        switch event {
        case .accepted(let promptTokens):
            record.updateCompletion { $0.promptTokens = promptTokens }
        case .text, .reasoning, .toolCall:
            guard firstText == nil else { return }
            let now = ContinuousClock.now
            firstText = now
            metrics.firstToken.record(duration: began.duration(to: now))
            record.updateCompletion { $0.timeToFirstText = began.duration(to: now) }
        case .finished(_, let reason):
            record.updateCompletion { $0.reasons.append(reason) }
        case .usage:
            let time = firstText?.duration(to: .now)
            record.updateCompletion { $0.timeAfterFirstText = time }
        }
    }

    /// Takes the outcome, which may come after the request has ended, on another thread.
    func settle(_ outcome: Outcome) {
        if outcome.end == .completed { metrics.promptTokens.increment(by: outcome.usage.promptTokens) }
        record.settleCompletion(outcome)
    }
}
