import Dispatch
import Foundation
package import PinionEngine
import PinionModels
package import PinionTensor
package import PinionText
import Synchronization

/// A model with its tokenizer and chat template, ready to continue conversations.
package final class TextModel: Sendable {
    package let engine: Engine
    package let tokenizer: Tokenizer
    /// Name and version by the file's own metadata.
    package let name: ModelName
    private let template: ChatTemplate
    private let beginText: String
    private let endText: String
    private let promptQueue = DispatchQueue(label: "pinion.prompt")

    private init(engine: Engine, tokenizer: Tokenizer, template: ChatTemplate, name: ModelName) {
        self.engine = engine
        self.tokenizer = tokenizer
        self.template = template
        self.name = name
        beginText = Self.text(of: tokenizer.beginToken, tokenizer)
        endText = Self.text(of: tokenizer.endToken, tokenizer)
    }

    private static func text(of token: Int32?, _ tokenizer: Tokenizer) -> String {
        token.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) } ?? ""
    }

    /// Loads a GGUF file: weights on the engine's threads, the tokenizer meanwhile.
    ///
    /// - Parameter engineSource: Where the engine has the file's model from.
    /// - Throws: ``GenerationError`` naming the file, what was found and what was expected.
    package static func load(
        path: String, _ configuration: EngineConfiguration,
        source engineSource: @Sendable (GGUFFile) -> any EngineSource = { GGUFSource($0) }
    ) async throws -> TextModel {
        do {
            let file = try GGUFFile(path: path)
            // A file of an unknown architecture is no use with a template either, so that is told first.
            try ModelLoader.checkArchitecture(of: file)
            guard let source = file["tokenizer.chat_template"]?.string else {
                throw GenerationError(.model, "\(path): has no chat template (tokenizer.chat_template)")
            }
            async let engine = Engine.start(engineSource(file), configuration)
            let tokenizer = try Self.tokenizer(of: file)
            let template = try ChatTemplate(source: source)
            let running = try await engine
            guard tokenizer.vocabularyCount <= running.description.shape.vocabulary else {
                throw GenerationError(
                    .model,
                    "\(path): \(tokenizer.vocabularyCount) tokens for an embedding of "
                        + "\(running.description.shape.vocabulary) rows")
            }
            return TextModel(
                engine: running, tokenizer: tokenizer, template: template, name: ModelName(file))
        } catch let error as GenerationError {
            throw error
        } catch let error as TextError {
            throw GenerationError(.model, "\(path): \(error)", cause: error)
        } catch {
            throw GenerationError(.model, "\(error)", cause: error)
        }
    }

    /// The tokenizer that a file describes.
    package static func tokenizer(of file: GGUFFile) throws -> Tokenizer {
        try Tokenizer(TokenizerDescription(file))
    }

    /// Starts a generation.
    ///
    /// - Throws: ``GenerationError`` for what the requester has to be told.
    package func generate(_ request: GenerationRequest) async throws(GenerationError) -> Generation {
        do {
            // Before the work of tokenizing, so that an engine that is full or has failed refuses at once.
            try engine.reserve(request.choices)
        } catch {
            throw GenerationError(error, promptTokens: 0)
        }
        var isSubmitted = false
        defer { if !isSubmitted { engine.release(request.choices) } }
        let prompt = try await promptOnQueue(request)
        let completion = Completion(promptTokens: prompt.count, choices: request.choices)
        let sinks = (0..<request.choices).map { choice in
            TextSink(choice: choice, tokenizer: tokenizer, stop: request.stop, completion: completion)
        }
        do {
            let id = try engine.submit(
                EngineRequest(
                    prompt: prompt, tenant: request.tenant, sampling: request.sampling,
                    maximumTokens: request.maximumTokens,
                    endTokens: request.ignoresEnd ? [] : tokenizer.endOfGenerationTokens,
                    choices: sinks.map { .init(sink: $0) }), isReserved: true)
            isSubmitted = true
            return Generation(promptTokens: prompt.count, completion: completion) { [engine] in engine.cancel(id) }
        } catch {
            throw GenerationError(error, promptTokens: prompt.count)
        }
    }

    /// Renders and tokenizes off the cooperative pool, one prompt at a time: a prompt of megabytes takes a second, in
    /// which the pool's few threads have streams to serve.
    private func promptOnQueue(_ request: GenerationRequest) async throws(GenerationError) -> [Int32] {
        let isAbandoned = Abandonment()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                promptQueue.async { [self] in
                    continuation.resume(
                        returning: Result { () throws(GenerationError) in
                            if isAbandoned.flag.load(ordering: .relaxed) {
                                throw GenerationError(.interrupted, "the request was cancelled")
                            }
                            return try prompt(for: request)
                        })
                }
            }
        } onCancel: {
            isAbandoned.flag.store(true, ordering: .relaxed)
        }
        return try result.get()
    }

    /// The tokens of a conversation, ending where the reply begins.
    package func prompt(for request: GenerationRequest) throws(GenerationError) -> [Int32] {
        var tokens: [Int32]
        do {
            tokens = tokenizer.encode(try template.render(templateContext(request), now: Date()))
        } catch {
            throw GenerationError(.template, "the chat template refused the messages: \(error)", cause: error)
        }
        if tokenizer.addsBeginToken, let begin = tokenizer.beginToken, tokens.first != begin {
            tokens.insert(begin, at: 0)
        }
        guard !tokens.isEmpty else {
            throw GenerationError(.template, "the chat template made an empty prompt of the messages")
        }
        return tokens
    }

    private func templateContext(_ request: GenerationRequest) -> [TemplateName: TemplateValue] {
        var context = request.templateArguments
        context["add_generation_prompt"] = context["add_generation_prompt"] ?? .bool(true)
        context["messages"] = .list(
            request.messages.map { message in
                var fields: [(String, TemplateValue)] = [
                    (
                        "role",
                        TemplateValue(
                            message.role,
                            origin: GenerationRequest.roles.contains(TemplateName(message.role)) ? .template : .request)
                    ), ("content", TemplateValue(message.content)),
                ]
                if let name = message.name { fields.append(("name", TemplateValue(name))) }
                if let id = message.toolCallID { fields.append(("tool_call_id", TemplateValue(id))) }
                return TemplateValue(fields)
            })
        context["bos_token"] = TemplateValue(beginText, origin: .template)
        context["eos_token"] = TemplateValue(endText, origin: .template)
        return context
    }
}

/// Tells the prompt queue that nobody waits any more.
private final class Abandonment: Sendable {
    let flag = Atomic<Bool>(false)
}

extension GenerationError {
    fileprivate init(_ error: EngineError, promptTokens: Int) {
        let code: Code =
            switch error.code {
            case .promptTooLong: .promptTooLong
            case .overloaded: .overloaded
            case .invalidRequest: .invalidRequest
            case .failed: .unavailable
            case .load, .insufficientMemory: .model
            }
        self.init(code, error.message, promptTokens: promptTokens, parameter: error.parameter, cause: error)
    }
}
