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
    private var hasText = false

    init(_ metrics: ModelMetrics, record: RequestRecord) {
        self.metrics = metrics
        self.record = record
        record.beginCompletion()
    }

    /// - Parameter times: When the events were sent: how slowly the reader takes them says nothing of the model.
    mutating func observe(_ events: [GenerationEvent], _ times: @autoclosure () -> GenerationQueue.Times) {
        for event in events { observe(event, times) }
    }

    private mutating func observe(_ event: GenerationEvent, _ times: () -> GenerationQueue.Times) {
        switch event {
        case .accepted(let promptTokens, _):
            let time = began.duration(to: .now)
            record.updateCompletion { completion in
                completion.promptTokens = promptTokens
                completion.timeToAcceptance = time
            }
        case .text, .reasoning, .toolCall:
            guard !hasText, let time = times().firstText else { return }
            hasText = true
            metrics.firstToken.record(duration: began.duration(to: time))
            metrics.activity.began(after: began.duration(to: time))
            record.updateCompletion { $0.timeToFirstText = began.duration(to: time) }
        case .warned: break
        case .finished(_, let reason):
            record.updateCompletion { $0.reasons.append(reason) }
        case .usage:
            let times = times()
            guard let first = times.firstText, let last = times.usage else { return }
            record.updateCompletion { $0.timeAfterFirstText = first.duration(to: last) }
        }
    }

    /// Takes the outcome, which may come after the request has ended, on another thread.
    func settle(_ outcome: Outcome) {
        if outcome.end == .completed { metrics.promptTokens.increment(by: outcome.usage.promptTokens) }
        metrics.activity.ended(outcome.usage)
        record.settleCompletion(outcome)
    }
}
