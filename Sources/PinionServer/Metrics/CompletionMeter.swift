import CoreMetrics
import Metrics
import OpenAIAPI

/// Measures one completion: the time to its first text, and what its prompt came to.
struct CompletionMeter {
    private let metrics: ModelMetrics
    private let began = ContinuousClock.now
    private var hasText = false

    init(_ metrics: ModelMetrics) {
        self.metrics = metrics
    }

    mutating func observe(_ event: TextEvent) {
        switch event {
        case .text where !hasText:
            metrics.firstToken.record(duration: began.duration(to: .now))
            hasText = true
        case .usage(let usage): metrics.promptTokens.increment(by: usage.promptTokens)
        case .accepted, .text, .finished: break
        }
    }
}
