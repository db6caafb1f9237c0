/// What makes text for the routes: a model in this process, or an engine elsewhere.
///
/// This is the one seam between the routes and generation. It speaks the contract and no dialect: the routes cannot tell
/// conformances apart, and a conformance knows nothing of HTTP.
package protocol TextGenerator: Sendable {
    /// The model as clients see it.
    var model: ServedModel { get }
    /// Whether it can answer now.
    var isReady: Bool { get }
    /// Whether requests bring the body that they were decoded from; see ``GenerationRequest/original``.
    var takesOriginalBody: Bool { get }

    /// Makes one completion, told to `queue` event by event and in the end by ``GenerationQueue/finish(_:)``.
    ///
    /// Returns once the request is under way or has ended; a failure is an outcome of the queue and is not thrown. The
    /// generator learns through ``GenerationQueue/onWithdrawal(_:)`` that nobody wants the rest.
    func generate(_ request: GenerationRequest, for tenant: Tenant, into queue: GenerationQueue) async

    /// Counts the tokens of a request's prompt; nothing is generated. A prompt may be longer than the context.
    ///
    /// - Throws: ``GenerationError`` for a request that no prompt can be made of, or when the task is cancelled.
    func promptTokens(of request: GenerationRequest, for tenant: Tenant) async throws(GenerationError) -> Int
}

extension TextGenerator {
    package var isReady: Bool { true }
    package var takesOriginalBody: Bool { false }
}

/// A model as it is listed.
package struct ServedModel: Sendable, Equatable {
    /// `model_name/model_version`; the name itself may hold a `/`.
    package var id: String
    /// Unix seconds at which the model became available.
    package var created: Int
    package var owner: String
    /// `fp_` and a digest of everything that a reply's numbers depend on: equal fingerprints and seeds mean equal text.
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
