import CoreMetrics
import Metrics
import OpenAIAPI

/// Times one completion: its first text, the gaps between later ones, and what it cost.
struct CompletionMeter {
    private let metrics: ModelMetrics
    private let began = ContinuousClock.now
    private var last: [ContinuousClock.Instant?]

    init(_ metrics: ModelMetrics, choices: Int) {
        self.metrics = metrics
        last = Array(repeating: nil, count: choices)
    }

    mutating func observe(_ event: TextEvent) {
        switch event {
        case .text(let choice, _, _) where last.indices.contains(choice):
            let now = ContinuousClock.now
            if let before = last[choice] {
                metrics.gap.record(duration: before.duration(to: now))
            } else if last.allSatisfy({ $0 == nil }) {
                metrics.firstToken.record(duration: began.duration(to: now))
            }
            last[choice] = now
        case .usage(let usage):
            metrics.promptTokens.increment(by: usage.promptTokens)
            metrics.cachedTokens.increment(by: usage.cachedTokens ?? 0)
        case .accepted, .text, .finished: break
        }
    }
}
