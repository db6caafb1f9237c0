package import PinionEngine
import PinionModels
package import PinionTensor
import PinionTemplate
package import PinionTokenizer

/// A model with its tokenizer and chat template, ready to continue conversations.
package final class TextModel: Sendable {
    package let engine: Engine
    package let tokenizer: Tokenizer
    /// Name and version by the file's own metadata.
    package let name: ModelName
    private let prompts: PromptBuilder
    private let promptQueue = PromptQueue()

    private init(engine: Engine, tokenizer: Tokenizer, template: ChatTemplate, name: ModelName) {
        self.engine = engine
        self.tokenizer = tokenizer
        self.name = name
        prompts = PromptBuilder(tokenizer: tokenizer, template: template)
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
        } catch let error as TemplateError {
            throw GenerationError(.model, "\(path): \(error)", cause: error)
        } catch let error as TokenizerError {
            throw GenerationError(.model, "\(path): \(error)", cause: error)
        } catch {
            throw GenerationError(.model, "\(error)", cause: error)
        }
    }

    /// The tokenizer that a file describes.
    package static func tokenizer(of file: GGUFFile) throws -> Tokenizer {
        try Tokenizer(TokenizerMetadata(file))
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

    /// Renders and tokenizes when the tenant's turn comes, unless the texts cannot fit the context.
    private func promptOnQueue(_ request: GenerationRequest) async throws(GenerationError) -> [Int32] {
        let limit = engine.description.contextLength
        let fewest = prompts.fewestTokens(of: request)
        guard fewest <= limit else { throw Self.tooLong(moreThan: fewest - 1, limit: limit) }
        let encoding = try await promptQueue.run(tenant: request.tenant, size: prompts.size(of: request)) {
            [prompts] endSlice throws(GenerationError) in
            try prompts.encode(request, limit: limit, endSlice: endSlice)
        }
        switch encoding {
        case .tokens(let tokens): return try prompts.finish(tokens)
        case .beyond(let count): throw Self.tooLong(moreThan: count, limit: limit)
        }
    }

    /// The tokens of a conversation, ending where the reply begins; on this thread, however long it takes.
    package func prompt(for request: GenerationRequest) throws(GenerationError) -> [Int32] {
        let encoding = try prompts.encode(request, limit: .max) { _ in true }
        guard case .tokens(let tokens) = encoding else {
            preconditionFailure("a prompt without a limit was left before its end")
        }
        return try prompts.finish(tokens)
    }

    private static func tooLong(moreThan count: Int, limit: Int) -> GenerationError {
        GenerationError(
            .promptTooLong,
            "the prompt has more than \(count) tokens, which leaves no room in a context of \(limit)",
            promptTokens: count, isPartialCount: true)
    }
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
