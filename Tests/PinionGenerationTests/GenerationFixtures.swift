import Foundation
import PinionEngine
import PinionGeneration
import Testing
import TextGeneration

/// The tiny random model with its ChatML template, and what a generation of it says.
enum GenerationFixtures {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models/tiny-llama-q4_1.gguf").path(percentEncoded: false)

    static func model(_ adjust: (inout EngineConfiguration) -> Void = { _ in }) async throws -> TextModel {
        var configuration = EngineConfiguration()
        configuration.threads = 2
        adjust(&configuration)
        return try await TextModel.load(path: path, configuration)
    }

    /// A request that goes on to its token limit unless it is told otherwise.
    static func request(
        _ content: String = "Where is the light?", maximum: Int? = 40, seed: Int64 = 1, choices: Int = 1,
        stop: [String] = [], ignoresEnd: Bool = true, logprobs: Int? = nil
    ) -> GenerationRequest {
        var request = GenerationRequest(Conversation([Message(.user, content)]))
        request.sampling.seed = seed
        request.reportedAlternatives = logprobs
        request.maximumTokens = maximum
        request.choices = choices
        request.stop = stop
        request.ignoresEnd = ignoresEnd
        return request
    }

    /// Everything one generation told, by choice.
    struct Reply: Equatable {
        var texts: [String]
        var pieces = 0
        var reports: [[TokenReport]]
        var reasons: [FinishReason?]
        var promptTokens = -1
        var completionTokens = -1
        var last: GenerationEvent?

        var text: String { texts[0] }
    }

    /// The reply to a request, read as it is made.
    static func reply(_ request: GenerationRequest, by model: TextModel) async throws -> Reply {
        try await collect(model.start(request), choices: request.choices)
    }

    /// - Parameter onEvent: Called with every event, before the next is waited for.
    static func collect(
        _ queue: GenerationQueue, choices: Int = 1, onEvent: (GenerationEvent) async throws -> Void = { _ in }
    ) async throws -> Reply {
        var reply = Reply(
            texts: Array(repeating: "", count: choices), reports: Array(repeating: [], count: choices),
            reasons: Array(repeating: nil, count: choices))
        while case .events(let events) = try await queue.next() {
            for event in events {
                switch event {
                case .accepted(let promptTokens, _): reply.promptTokens = promptTokens
                case .text(let choice, let text, let reports):
                    reply.texts[choice] += text
                    reply.reports[choice] += reports
                    reply.pieces += 1
                case .reasoning, .toolCall, .warned: Issue.record("nothing tells these yet")
                case .finished(let choice, let reason): reply.reasons[choice] = reason
                case .usage(let usage):
                    #expect(usage.promptTokens == reply.promptTokens)
                    reply.completionTokens = usage.completionTokens
                }
                reply.last = event
                try await onEvent(event)
            }
        }
        return reply
    }

    /// Waits for a condition; whether it came true within the time.
    static func eventually(within limit: Duration = .seconds(20), _ condition: () -> Bool) async throws -> Bool {
        let start = ContinuousClock.now
        while !condition() {
            if ContinuousClock.now - start > limit { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}

extension TextModel {
    /// Starts a generation for one tenant.
    func start(
        _ request: GenerationRequest, onOutcome: @escaping @Sendable (Outcome) -> Void = { _ in }
    ) async throws(GenerationError) -> GenerationQueue {
        let queue = GenerationQueue(onOutcome: onOutcome)
        try await generate(request, for: Tenant(id: "tenant"), into: queue)
        return queue
    }
}
