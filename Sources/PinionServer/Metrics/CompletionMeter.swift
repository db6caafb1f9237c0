import CoreMetrics
import Metrics
import OpenAIAPI

/// Measures one completion for the metrics and for the access log.
///
/// Text after the first piece costs one comparison: the record is written when the prompt is accepted, at the first
/// text, at the end of a choice and with the usage.
struct CompletionMeter {
    private let metrics: ModelMetrics
    private let record: RequestRecord
    private let began = ContinuousClock.now
    private var firstText: ContinuousClock.Instant?

    init(_ metrics: ModelMetrics, record: RequestRecord) {
        self.metrics = metrics
        self.record = record
    }

    mutating func observe(_ event: TextEvent) {
        switch event {
        case .accepted(let promptTokens):
            record.updateCompletion { $0.promptTokens = promptTokens }
        case .text where firstText == nil:
            let now = ContinuousClock.now
            firstText = now
            metrics.firstToken.record(duration: began.duration(to: now))
            record.updateCompletion { $0.timeToFirstText = began.duration(to: now) }
        case .text: break
        case .finished(_, let reason):
            record.updateCompletion { $0.reasons.append(reason) }
        case .usage(let usage):
            metrics.promptTokens.increment(by: usage.promptTokens)
            let time = firstText?.duration(to: .now)
            record.updateCompletion {
                $0.usage = usage
                $0.timeAfterFirstText = time
            }
        }
    }
}
