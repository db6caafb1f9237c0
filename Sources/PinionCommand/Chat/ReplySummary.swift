import Foundation
import TextGeneration

/// The line below a reply: what it took, and why it ended where it did not end by itself.
struct ReplySummary {
    let record: ReplyRecord
    let contextLength: Int?
    let isStopped: Bool

    var text: String {
        var parts: [String] = []
        if let usage = record.usage {
            parts.append(Count.of(usage.completionTokens, "token"))
            if usage.reasoningTokens > 0 { parts.append("\(usage.reasoningTokens) of them thinking") }
        }
        if let rate = record.rate { parts.append(String(format: "%.1f tokens/s", rate)) }
        if let delay = record.firstDelay {
            parts.append(String(format: "first after %.2f s", delay / .seconds(1)))
        }
        if let usage = record.usage, let contextLength {
            parts.append("\(max(0, contextLength - usage.totalTokens)) of \(contextLength) tokens left")
        }
        if let reason { parts.append(reason) }
        return parts.joined(separator: " · ")
    }

    private var reason: String? {
        if isStopped { return "stopped" }
        return switch record.finish {
        case .stop, nil: nil
        case .length: "cut at the token limit"
        case .contextEnd: "cut: the context is full"
        case .toolCalls: "ended with a call"
        case .other(let word): "ended: \(word)"
        }
    }
}
