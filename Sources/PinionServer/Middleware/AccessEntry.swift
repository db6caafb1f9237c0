import Logging
import OpenAIAPI
import PinionWire
import TextGeneration

/// One answered request, as the access log tells it.
struct AccessEntry: Sendable {
    /// How a request ended, where there is more to tell than its status.
    enum Outcome: Equatable {
        /// Every choice ended by itself.
        case finished([FinishReason])
        case clientLeft
        /// Refused, failed, or a stream that ended with an error event.
        case error
    }

    /// Bytes of a path that the line for people shows.
    private static let maximumPathLength = 80

    let method: String
    /// The route that took the request; nil for a path that no route takes.
    let route: String?
    let path: String
    let status: Int
    let elapsed: Duration
    let tenant: String?
    /// The id of the served model that was asked.
    let model: String?
    let completion: CompletionRecord?

    var outcome: Outcome? {
        if status == APIError.clientClosed.status { return .clientLeft }
        if status >= 400 { return .error }
        guard let completion else { return nil }
        return completion.outcome?.end == .completed ? .finished(completion.reasons) : .error
    }

    /// The entry for a structured log.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "method": .string(method), "path": .string(path), "status": .stringConvertible(status),
            "duration-ms": .stringConvertible(Int(elapsed / .milliseconds(1))), "tenant": .string(tenant ?? "-"),
        ]
        if let model { metadata["model"] = .string(model) }
        if let outcome { metadata["outcome"] = .stringConvertible(outcome) }
        guard let completion else { return metadata }
        let usage = completion.usage
        let numbers = [
            ("prompt-tokens", completion.promptTokens),
            ("cached-tokens", usage.map { $0.cachedTokens ?? 0 }),
            ("completion-tokens", usage?.completionTokens),
            ("first-token-ms", completion.timeToFirstText.map { Int($0 / .milliseconds(1)) }),
            ("tokens-per-second", completion.rate.map { Int($0.rounded()) }),
        ]
        for case (let name, let number?) in numbers { metadata[name] = .stringConvertible(number) }
        return metadata
    }

    /// The entry as one line for people, such as
    /// `200 POST /v1/chat/completions  acme/tiny/1  36 in, 16 cached, 8 out  first token 45 ms  231 tokens/s  stop`.
    var line: String {
        var parts = ["\(status) \(method) \(place)"]
        if let model { parts.append(model) }
        if let completion {
            parts.append(Self.tokens(of: completion))
            if let time = completion.timeToFirstText { parts.append("first token \(Int(time / .milliseconds(1))) ms") }
            if let rate = completion.rate { parts.append("\(Int(rate.rounded())) tokens/s") }
        } else {
            parts.append("\(Int(elapsed / .milliseconds(1))) ms")
        }
        if let outcome { parts.append(outcome.description) }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// The route as it was registered; of a path without one only what a terminal shows as it is, and not all of it.
    private var place: String {
        if let route { return route }
        let printable = path.utf8.prefix(Self.maximumPathLength).map {
            (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?")
        }
        return String(decoding: printable, as: UTF8.self)
    }

    private static func tokens(of completion: CompletionRecord) -> String {
        guard let usage = completion.usage else { return completion.promptTokens.map { "\($0) in" } ?? "" }
        return "\(usage.promptTokens) in, \(usage.cachedTokens ?? 0) cached, \(usage.completionTokens) out"
    }
}

extension AccessEntry.Outcome: CustomStringConvertible {
    var description: String {
        switch self {
        case .finished(let reasons):
            var names: [String] = []
            for name in reasons.map({ "\($0.wireName)" }) where !names.contains(name) { names.append(name) }
            return names.joined(separator: ", ")
        case .clientLeft: return "client left"
        case .error: return "error"
        }
    }
}
