package import OpenAIAPI

/// What makes text for the routes: a model in this process, or an engine elsewhere.
///
/// This is the one seam between the routes and generation. The routes cannot tell conformances apart, and a
/// conformance knows nothing of HTTP.
package protocol TextGenerator: Sendable {
    /// The model as clients see it.
    var model: ServedModel { get }
    /// Whether it can answer now.
    var isReady: Bool { get }

    /// Starts one completion; ending the returned sequence's iteration cancels what is left of it.
    ///
    /// - Throws: ``OpenAIAPI/APIError`` for whatever the client has to be told (a prompt longer than the context, a
    ///   full queue); anything else is the server's own failure and becomes a 500.
    func generate(_ request: ChatCompletionRequest, for tenant: Tenant) async throws -> TextEvents
}

extension TextGenerator {
    package var isReady: Bool { true }
}

/// A model as `GET /v1/models` lists it.
package struct ServedModel: Sendable, Equatable {
    /// `model_name/model_version`; the name itself may hold a `/`.
    package var id: String
    /// Unix seconds at which the model became available.
    package var created: Int
    package var owner: String
    /// `fp_` and a digest of engine build, model file and kernel set.
    package var fingerprint: String
    /// Tokens of prompt and reply together.
    package var contextLength: Int

    package init(id: String, created: Int, owner: String, fingerprint: String, contextLength: Int) {
        self.id = id
        self.created = created
        self.owner = owner
        self.fingerprint = fingerprint
        self.contextLength = contextLength
    }
}

/// Whose request it is: the key's identifier, never the key itself.
package struct Tenant: Sendable, Hashable {
    package var id: String

    package init(id: String) {
        self.id = id
    }
}

/// One step of a completion. `choice` counts from 0 to `n - 1`; choices may interleave.
package enum TextEvent: Sendable, Equatable {
    /// The prompt was accepted; always the first event.
    case accepted(promptTokens: Int)
    /// More text of a choice; never empty unless `logprobs` is not.
    case text(choice: Int, String, logprobs: [TokenLogprob])
    /// A choice ended; nothing of it follows.
    case finished(choice: Int, FinishReason)
    /// The last event: what the whole completion cost.
    case usage(Usage)
}

/// The events of one completion, to be iterated once.
package struct TextEvents: AsyncSequence, Sendable {
    package typealias Element = TextEvent

    private let nextEvent: @Sendable () async throws -> TextEvent?
    private let onCancel: @Sendable () -> Void

    /// - Parameters:
    ///   - next: Waits for the next event; nil after the last one. Must return promptly when its task is cancelled.
    ///   - cancel: Called once when the iteration ends, for whatever reason; harmless after the last event.
    package init(
        next: @escaping @Sendable () async throws -> TextEvent?, cancel: @escaping @Sendable () -> Void
    ) {
        nextEvent = next
        onCancel = cancel
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(next: nextEvent, lifetime: Lifetime(onEnd: onCancel))
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let next: @Sendable () async throws -> TextEvent?
        fileprivate let lifetime: Lifetime

        package mutating func next() async throws -> TextEvent? {
            try await next()
        }
    }

    /// Ends with the last copy of its iterator, which is how an abandoned iteration is noticed.
    fileprivate final class Lifetime: Sendable {
        private let onEnd: @Sendable () -> Void

        init(onEnd: @escaping @Sendable () -> Void) {
            self.onEnd = onEnd
        }

        deinit {
            onEnd()
        }
    }
}
