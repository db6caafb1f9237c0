import Foundation
import OpenAIAPI
import PinionServer
import Synchronization

/// A generator that plays a script and remembers what was asked of it.
final class ScriptedGenerator: TextGenerator {
    enum Step: Sendable {
        case event(TextEvent)
        case pause(Duration)
        case failure(any Error)
        /// Waits until the task is cancelled.
        case hang
        /// Text without end.
        case endless(String)
    }

    struct Observations {
        var requests: [ChatCompletionRequest] = []
        var tenants: [Tenant] = []
        /// Iterations that ended, for whatever reason.
        var ended = 0
        /// Steps that were played.
        var played = 0
    }

    let model: ServedModel
    private let refusal: (any Error)?
    private let steps: [Step]
    private let observations = Mutex(Observations())

    /// - Parameter refusal: thrown instead of playing anything.
    init(id: String = "acme/tiny/1", refusal: (any Error)? = nil, _ steps: [Step]) {
        model = ServedModel(
            id: id, created: 1_700_000_000, owner: "acme", fingerprint: "fp_0123456789", contextLength: 128)
        self.refusal = refusal
        self.steps = steps
    }

    var observed: Observations {
        observations.withLock { $0 }
    }

    func generate(_ request: ChatCompletionRequest, for tenant: Tenant) async throws -> TextEvents {
        observations.withLock {
            $0.requests.append(request)
            $0.tenants.append(tenant)
        }
        if let refusal { throw refusal }
        let position = Mutex(0)
        return TextEvents(
            next: { [self] in
                while true {
                    let index = position.withLock { $0 }
                    guard index < steps.count else { return nil }
                    observations.withLock { $0.played += 1 }
                    if case .endless(let text) = steps[index] {
                        try Task.checkCancellation()
                        return .text(choice: 0, text, logprobs: [])
                    }
                    position.withLock { $0 += 1 }
                    switch steps[index] {
                    case .event(let event): return event
                    case .pause(let time): try await Task.sleep(for: time)
                    case .failure(let error): throw error
                    case .hang, .endless: try await Task.sleep(for: .seconds(3600))
                    }
                }
            },
            cancel: { [self] in observations.withLock { $0.ended += 1 } })
    }

    /// Waits until a condition holds of what was observed; false when it does not within the time.
    func waits(upTo time: Duration = .seconds(5), for condition: (Observations) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + time
        while !condition(observed) {
            if ContinuousClock.now > end { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}

extension ScriptedGenerator {
    /// A whole completion of one choice: two pieces of text.
    static func greeting(id: String = "acme/tiny/1") -> ScriptedGenerator {
        ScriptedGenerator(id: id, greetingSteps)
    }

    static var greetingSteps: [Step] {
        [
            .event(.accepted(promptTokens: 9)), .event(.text(choice: 0, "Hello", logprobs: [])),
            .event(.text(choice: 0, " \"you\"", logprobs: [])), .event(.finished(choice: 0, .stop)),
            .event(.usage(Usage(promptTokens: 9, completionTokens: 3))),
        ]
    }
}
