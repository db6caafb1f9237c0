package import OpenAIAPI
import PinionEngine
package import PinionGeneration
import PinionJSON

/// Serves a model that runs in this process.
package struct LocalGenerator: TextGenerator {
    package let model: ServedModel
    private let textModel: TextModel

    /// - Parameters:
    ///   - id: `model_name/model_version`.
    ///   - created: Unix seconds.
    ///   - build: Version of this program, which is part of the fingerprint.
    package init(_ textModel: TextModel, id: String, created: Int, owner: String, build: String) {
        self.textModel = textModel
        let engine = textModel.engine.description
        model = ServedModel(
            id: id, created: created, owner: owner,
            fingerprint: SystemFingerprint.of(
                build: build, modelDigest: engine.digest, numerics: engine.numerics),
            contextLength: engine.contextLength)
    }

    package var isReady: Bool { textModel.engine.isReady }

    package func generate(_ request: ChatCompletionRequest, for tenant: Tenant) async throws -> TextEvents {
        for name in GenerationRequest.reservedTemplateArguments
        where request.chatTemplateArguments[ProtocolWord(name)] != nil {
            throw APIError.unsupportedValue(
                "chat_template_kwargs.\(name)", got: name, "This variable is set from the request itself.")
        }
        guard request.n <= textModel.engine.maximumPending else {
            throw APIError.invalidValue(
                "n", "This server takes at most \(textModel.engine.maximumPending) choices at a time.")
        }
        let generation: Generation
        do {
            generation = try await textModel.generate(GenerationRequest(request, for: tenant))
        } catch {
            throw Self.wireError(error, contextLength: model.contextLength, requested: request.maxTokens)
        }
        let reader = Reader(generation)
        return TextEvents(next: { try await reader.next() }, cancel: { generation.cancel() })
    }

    /// Puts the acceptance before the generation's own events.
    private actor Reader {
        private let generation: Generation
        private var isAnnounced = false

        init(_ generation: Generation) {
            self.generation = generation
        }

        func next() async throws -> TextEvent? {
            guard isAnnounced else {
                isAnnounced = true
                return .accepted(promptTokens: generation.promptTokens)
            }
            do {
                return try await generation.next().map(TextEvent.init)
            } catch let error as GenerationError where error.code == .unread {
                throw APIError.unread
            }
        }
    }
}

extension TextEvent {
    fileprivate init(_ event: GenerationEvent) {
        switch event {
        case .text(let choice, let text, let reports):
            self = .text(choice: choice, text, logprobs: reports.map(TokenLogprob.init))
        case .finished(let choice, let reason):
            self = .finished(choice: choice, reason == .stop ? .stop : .length)
        case .usage(let promptTokens, let completionTokens, let cachedTokens):
            self = .usage(
                Usage(promptTokens: promptTokens, completionTokens: completionTokens, cachedTokens: cachedTokens))
        }
    }
}

extension TokenLogprob {
    fileprivate init(_ report: TokenReport) {
        self.init(
            token: String(decoding: report.token.bytes, as: UTF8.self),
            logprob: Double(report.token.logprob), bytes: report.token.bytes,
            topLogprobs: report.alternatives.map { candidate in
                .init(
                    token: String(decoding: candidate.bytes, as: UTF8.self),
                    logprob: Double(candidate.logprob), bytes: candidate.bytes)
            })
    }
}

extension LocalGenerator {
    /// Seconds after which a refused client may expect a place: about one short reply.
    private static let overloadRetrySeconds = 2

    /// What the client has to be told; failures of ours stay what they are, to be logged and answered with a 500.
    package static func wireError(_ error: GenerationError, contextLength: Int, requested: Int?) -> any Error {
        switch error.code {
        case .promptTooLong:
            APIError.contextLengthExceeded(
                limit: contextLength, prompt: error.promptTokens ?? contextLength,
                isPartialCount: error.isPartialCount, requested: requested)
        case .template: APIError.invalidValue("messages", error.message)
        case .invalidRequest:
            if let parameter = error.parameter {
                APIError.invalidValue(parameter.wireName, error.message)
            } else {
                error
            }
        case .overloaded: APIError.overloaded(retryAfter: overloadRetrySeconds)
        case .unavailable: APIError.loading
        case .model, .interrupted, .unread: error
        }
    }
}

extension EngineError.Parameter {
    /// The field of a chat request that the part was made from.
    fileprivate var wireName: String {
        switch self {
        case .prompt: "messages"
        case .choices: "n"
        case .logitBias: "logit_bias"
        }
    }
}
