package import OpenAIAPI
import PinionEngine
package import PinionGeneration
import PinionText

/// Serves a model that runs in this process.
package struct LocalGenerator: TextGenerator {
    /// What a log probability of minus infinity is written as, since JSON has no infinities; OpenAI's value.
    private static let lowestLogprob = -9999.0

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
            fingerprint: SystemFingerprint.of(build: build, modelDigest: engine.digest, kernels: engine.kernels),
            contextLength: engine.contextLength)
    }

    package func generate(_ request: ChatCompletionRequest, for tenant: Tenant) async throws -> TextEvents {
        let generation: Generation
        do {
            generation = try textModel.generate(GenerationRequest(request))
        } catch {
            throw APIError(error, contextLength: model.contextLength, requested: request.maxTokens)
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
            } catch let error as GenerationError {
                throw APIError(error, contextLength: 0, requested: nil)
            }
        }
    }

    fileprivate static func logprob(_ candidate: TokenReport.Candidate) -> Double {
        max(Double(candidate.logprob), lowestLogprob)
    }
}

extension TextEvent {
    fileprivate init(_ event: GenerationEvent) {
        switch event {
        case .text(let choice, let text, let reports):
            self = .text(choice: choice, text, logprobs: reports.map(TokenLogprob.init))
        case .finished(let choice, let reason):
            self = .finished(choice: choice, reason == .stop ? .stop : .length)
        case .usage(let promptTokens, let completionTokens):
            self = .usage(Usage(promptTokens: promptTokens, completionTokens: completionTokens))
        }
    }
}

extension TokenLogprob {
    fileprivate init(_ report: TokenReport) {
        self.init(
            token: String(decoding: report.token.bytes, as: UTF8.self),
            logprob: LocalGenerator.logprob(report.token), bytes: report.token.bytes,
            topLogprobs: report.alternatives.map { candidate in
                .init(
                    token: String(decoding: candidate.bytes, as: UTF8.self),
                    logprob: LocalGenerator.logprob(candidate), bytes: candidate.bytes)
            })
    }
}

extension GenerationRequest {
    fileprivate init(_ request: ChatCompletionRequest) {
        self.init(
            messages: request.messages.map { message in
                // Templates know `system`; `developer` is OpenAI's newer word for the same.
                let role = message.role == .developer ? ChatMessage.Role.system : message.role
                return Message(role: role.rawValue, content: message.content, name: message.name)
            })
        sampling.temperature = Float(request.temperature)
        sampling.topP = Float(request.topP)
        sampling.topK = request.topK
        sampling.minP = Float(request.minP ?? 0)
        sampling.presencePenalty = Float(request.presencePenalty)
        sampling.frequencyPenalty = Float(request.frequencyPenalty)
        sampling.repetitionPenalty = Float(request.repetitionPenalty ?? 1)
        sampling.logitBias = request.logitBias.mapValues(Float.init)
        sampling.seed = request.seed.map(UInt64.init(bitPattern:)) ?? .random(in: .min ... .max)
        sampling.logprobs = request.logprobs ? request.topLogprobs : nil
        choices = request.n
        maximumTokens = request.maxTokens
        stop = request.stop
        ignoresEnd = request.ignoreEOS
        templateArguments = request.chatTemplateArguments.mapValues(TemplateValue.init)
    }
}

extension TemplateValue {
    fileprivate init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(Int(value))
        case .bigInteger(let text): self = .double(Double(text) ?? .infinity)
        case .decimal(let value): self = .double(value)
        case .string(let text): self.init(text)
        case .array(let items): self.init(items.map(TemplateValue.init))
        case .object(let object): self.init(object.members.map { ($0.name, TemplateValue($0.value)) })
        }
    }
}

extension APIError {
    fileprivate init(_ error: GenerationError, contextLength: Int, requested: Int?) {
        switch error.code {
        case .promptTooLong:
            self = .contextLengthExceeded(
                limit: contextLength, prompt: error.promptTokens ?? contextLength, requested: requested)
        case .template: self = .invalidValue("messages", error.message)
        case .invalidRequest: self = .invalidValue("logit_bias", error.message)
        case .overloaded: self = .overloaded(retryAfter: LocalGenerator.overloadRetrySeconds)
        case .model, .stopped: self = .internalError
        }
    }
}

extension LocalGenerator {
    /// Seconds after which a refused client may expect a place: about one short reply.
    fileprivate static let overloadRetrySeconds = 2
}
