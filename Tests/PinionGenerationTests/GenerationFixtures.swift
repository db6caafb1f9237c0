import Foundation
import PinionEngine
import PinionGeneration

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
        _ content: String = "Where is the light?", maximum: Int? = 40, seed: UInt64 = 1, choices: Int = 1,
        stop: [String] = [], ignoresEnd: Bool = true, logprobs: Int? = nil
    ) -> GenerationRequest {
        var request = GenerationRequest(messages: [.init(role: "user", content: content)])
        request.sampling.seed = seed
        request.sampling.logprobs = logprobs
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
        var reasons: [GenerationEvent.FinishReason?]
        var promptTokens = -1
        var completionTokens = -1
        var last: GenerationEvent?

        var text: String { texts[0] }
    }

    /// - Parameter onEvent: Called with every event, before the next is waited for.
    static func collect(
        _ generation: Generation, choices: Int = 1, onEvent: (GenerationEvent) async throws -> Void = { _ in }
    ) async throws -> Reply {
        var reply = Reply(
            texts: Array(repeating: "", count: choices), reports: Array(repeating: [], count: choices),
            reasons: Array(repeating: nil, count: choices))
        while let event = try await generation.next() {
            switch event {
            case .text(let choice, let text, let reports):
                reply.texts[choice] += text
                reply.reports[choice] += reports
                reply.pieces += 1
            case .finished(let choice, let reason): reply.reasons[choice] = reason
            case .usage(let prompt, let completion, _):
                reply.promptTokens = prompt
                reply.completionTokens = completion
            }
            reply.last = event
            try await onEvent(event)
        }
        return reply
    }

    /// Waits for a condition; whether it came true within the time.
    static func eventually(within limit: Duration = .seconds(2), _ condition: () -> Bool) async throws -> Bool {
        let start = ContinuousClock.now
        while !condition() {
            if ContinuousClock.now - start > limit { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}
