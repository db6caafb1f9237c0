import Foundation
import PinionServer
import Synchronization
import TextGeneration

/// A generator that plays a script and remembers what was asked of it.
final class ScriptedGenerator: TextGenerator {
    enum Step: Sendable {
        case event(GenerationEvent)
        case pause(Duration)
        /// Waits for the reader to take what is there, which would be joined to the text that follows.
        case isRead
        case failure(GenerationError)
        /// Waits until nobody wants the generation any more.
        case hang
        /// Text without end.
        case endless(String)
    }

    struct Observations {
        var requests: [GenerationRequest] = []
        var tenants: [Tenant] = []
        /// Generations that ended, for whatever reason.
        var ended = 0
        /// Steps that were played.
        var played = 0
    }

    let model: ServedModel
    let takesOriginalBody: Bool
    private let refusal: GenerationError?
    private let steps: [Step]
    private let observations = Mutex(Observations())
    /// Time between two pieces of endless text.
    private static let pace: Duration = .microseconds(100)

    /// - Parameter refusal: Told instead of playing anything.
    init(
        id: String = "acme/tiny/1", refusal: GenerationError? = nil, takesOriginalBody: Bool = false, _ steps: [Step]
    ) {
        model = ServedModel(
            id: id, created: 1_700_000_000, owner: "acme", fingerprint: "fp_0123456789", contextLength: 128)
        self.refusal = refusal
        self.takesOriginalBody = takesOriginalBody
        self.steps = steps
    }

    var observed: Observations {
        observations.withLock { $0 }
    }

    /// One for each word of the messages.
    func promptTokens(of request: GenerationRequest, for tenant: Tenant) async throws(GenerationError) -> Int {
        if let refusal { throw refusal }
        return request.conversation.messages.reduce(0) { $0 + $1.text.split(separator: " ").count }
    }

    func generate(_ request: GenerationRequest, for tenant: Tenant, into queue: GenerationQueue) async {
        observations.withLock {
            $0.requests.append(request)
            $0.tenants.append(tenant)
        }
        if let refusal { return queue.finish(.unstarted(.failed(refusal.code)), throwing: refusal) }
        let player = Task { await play(into: queue) }
        queue.onWithdrawal { player.cancel() }
    }

    private func play(into queue: GenerationQueue) async {
        var usage = Usage(promptTokens: 0, completionTokens: 0)
        var failure: GenerationError?
        var remaining = steps[...]
        while let step = remaining.first, failure == nil, !Task.isCancelled {
            remaining = remaining.dropFirst()
            observations.withLock { $0.played += 1 }
            switch step {
            case .event(let event):
                if case .accepted(let promptTokens, _) = event { usage.promptTokens = promptTokens }
                if case .usage(let told) = event { usage = told }
                queue.send(event)
            case .pause(let time): try? await Task.sleep(for: time)
            case .isRead: while queue.hasUnread, !Task.isCancelled { await Task.yield() }
            case .failure(let error): failure = error
            case .hang: try? await Task.sleep(for: .seconds(3600))
            case .endless(let text):
                queue.send(.text(choice: 0, text, []))
                try? await Task.sleep(for: Self.pace)
                remaining = steps.suffix(remaining.count + 1)
            }
        }
        observations.withLock { $0.ended += 1 }
        queue.finish(Outcome(failure.map { .failed($0.code) } ?? .completed, usage), throwing: failure)
    }

    /// Waits until a condition holds of what was observed; false when it does not within the time.
    func waits(upTo time: Duration = .seconds(20), for condition: (Observations) -> Bool) async throws -> Bool {
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
            .event(.accepted(promptTokens: 9)), .event(.text(choice: 0, "Hello", [])), .isRead,
            .event(.text(choice: 0, " \"you\"", [])), .event(.finished(choice: 0, .stop)),
            .event(.usage(Usage(promptTokens: 9, completionTokens: 3))),
        ]
    }
}
