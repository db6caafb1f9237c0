package import PinionEngine
import PinionGrammar
package import PinionModelFiles
import PinionModels
import PinionTemplate
package import PinionTokenizer
package import TextGeneration

/// A model with its tokenizer and, where there is one, its chat template.
package final class TextModel: Sendable {
    package let engine: Engine
    package let tokenizer: Tokenizer
    /// Name and version by the file's own metadata.
    package let name: ModelName
    /// nil for a model that cannot take messages.
    package let template: ServedTemplate?
    /// The names of the templates that the model's files have beside a default one, for messages.
    package let variants: String?
    /// How tokens are chosen where a request does not say.
    package let samplingDefaults: SamplingDefaults
    /// nil where there is no template.
    private let prompts: PromptSource?
    private let vocabulary: ReplyVocabulary
    private let grammars: GrammarCache
    private let grammarObserver: (any GrammarObserver)?
    /// How the model writes calls, where the operator said so.
    private let toolFormat: String?

    private init(
        engine: Engine, tokenizer: Tokenizer, template: ServedTemplate?, name: ModelName,
        samplingDefaults: SamplingDefaults, variants: String?, vocabulary: ReplyVocabulary,
        toolFormat: String?, grammarObserver: (any GrammarObserver)?
    ) {
        self.variants = variants
        self.vocabulary = vocabulary
        self.grammarObserver = grammarObserver
        grammars = GrammarCache(observer: grammarObserver) { format in
            Result { () throws(GrammarError) in try FormatGrammar(format, vocabulary) }
        }
        self.engine = engine
        self.tokenizer = tokenizer
        self.name = name
        self.template = template
        self.samplingDefaults = samplingDefaults
        self.toolFormat = toolFormat
        prompts = template.map {
            PromptSource(
                PromptBuilder(tokenizer: tokenizer, template: $0.template, source: $0.source, formatName: toolFormat),
                contextLength: engine.description.contextLength)
        }
    }

    /// Loads a model: weights on the engine's threads, the tokenizer meanwhile.
    ///
    /// - Parameters:
    ///   - grammarObserver: Told what the formats of replies cost.
    ///   - engineSource: Where the engine has the file's model from.
    /// - Throws: ``GenerationError`` naming the file, what was found and what was expected.
    package static func load(
        path: String, _ configuration: EngineConfiguration, options: TextOptions = TextOptions(),
        grammarObserver: (any GrammarObserver)? = nil,
        source engineSource: @Sendable (ModelPackage) -> any EngineSource = { PackageSource($0) }
    ) async throws -> TextModel {
        do {
            if let name = options.toolFormat, ReplyFormat.named(name) == nil { throw Self.unknownFormat(name) }
            let package = try ModelPackage(path: path)
            // The architecture first: its error helps more than one of the tokenizer or the template.
            _ = try package.family()
            let defaults =
                options.usesGenerationDefaults
                ? try SamplingDefaults(package.generationDefaults, of: path) : SamplingDefaults()
            // Before the weights, which take longer to read than a mistake in it should take to be told.
            let chosen = try ServedTemplate(package, choice: options.template)
            async let engine = Engine.start(engineSource(package), configuration)
            let tokenizer = try Self.tokenizer(of: package)
            let template = try chosen ?? ServedTemplate(guessedFor: package, tokenizer)
            let vocabulary = ReplyVocabulary(tokenizer)
            let running = try await engine
            guard tokenizer.vocabularyCount <= running.description.shape.vocabulary else {
                throw GenerationError(
                    .model,
                    "\(path): \(tokenizer.vocabularyCount) tokens for an embedding of "
                        + "\(running.description.shape.vocabulary) rows")
            }
            return TextModel(
                engine: running, tokenizer: tokenizer, template: template, name: ModelName(package.naming),
                samplingDefaults: defaults, variants: ServedTemplate.names(package), vocabulary: vocabulary,
                toolFormat: options.toolFormat, grammarObserver: grammarObserver)
        } catch let error as GenerationError {
            throw error
        } catch let error as TokenizerError {
            throw GenerationError(.model, "\(path): \(error)")
        } catch {
            throw GenerationError(.model, "\(error)")
        }
    }

    /// What the operator set that changes replies and lies in none of the model's files, for the fingerprint; empty for
    /// nothing.
    var settingsText: String {
        [template?.choiceText, toolFormat, samplingDefaults == SamplingDefaults() ? nil : "\(samplingDefaults)"]
            .compactMap { $0 }.joined(separator: "|")
    }

    private static func unknownFormat(_ name: String) -> GenerationError {
        let known = ReplyFormat.all.map(\.name).joined(separator: ", ")
        return GenerationError(.model, "there is no tool format '\(FileWord(name).shown)'; there are \(known)")
    }

    /// How the model writes thinking and calls; nil for one that takes no messages.
    package var replyFormat: ReplyFormat.Choice? { prompts?.choice }

    /// The tokenizer that a model's files describe.
    package static func tokenizer(of package: ModelPackage) throws -> Tokenizer {
        try Tokenizer(package.tokenizer())
    }

    /// Starts a generation; its events and its outcome go to `queue`.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when it could not be started; the queue was told nothing then.
    package func generate(
        _ request: GenerationRequest, for tenant: Tenant, into queue: GenerationQueue
    ) async throws(GenerationError) {
        guard let prompts else { throw Self.noTemplate }
        guard request.choices <= engine.maximumPending else {
            throw GenerationError(
                .invalidParameter, "This server takes at most \(engine.maximumPending) choices at a time.",
                parameter: .choices)
        }
        var plan = ReplyPlan(request, prompts.choice.format)
        try request.conversation.toolChoice.check(among: request.conversation.tools)
        try request.conversation.toolChoice.check(in: plan)
        try prompts.checkLength(request)
        var text: RenderedPrompt?
        if plan.isConstraint, plan.format?.thinking != nil {
            // Where the grammar begins is told by where the prompt ends.
            _ = try reserve(request.choices)
            let rendered = try await prompts.render(request, for: tenant)
            plan.isThinking = prompts.endsInThinking(rendered)
            text = rendered
        }
        let format = try await formatGrammar(of: plan, choices: request.choices, for: tenant)
        // Before the work of tokenizing, so that an engine that is full or has failed refuses at once.
        let reservation = try reserve(request.choices)
        let prompt = try await prompts.prompt(for: request, text, for: tenant)
        plan.isThinking = prompt.isThinking
        let promptTokens = prompt.tokens.count
        let room = engine.description.contextLength - promptTokens
        let asked = min(request.maximumTokens ?? room, room)
        // A prompt that leaves no room is refused by the engine, in its own words.
        let limit =
            asked > 0
            ? try queue.allowance.open(promptTokens: promptTokens, choices: request.choices, limit: asked) : asked
        let completion = Completion(
            promptTokens: promptTokens, choices: request.choices, warnings: format?.warnings ?? [], into: queue)
        let budget = ThinkingBudget(request.reasoning, plan, vocabulary)
        let reply = ReplyWriter(
            plan, tellsReasoning: request.reasoning.isTold, stop: request.stop, vocabulary.marks)
        let choices = (0..<request.choices).map { index in
            // A constraint is the state of one choice.
            let constraint =
                format == nil && budget == nil
                ? nil
                : GrammarConstraint(
                    format?.grammar, vocabulary, goesOn: request.ignoresEnd, isCompact: request.isFormatCompact,
                    budget: budget, observer: grammarObserver)
            let sink = TextSink(
                choice: index, tokenizer: tokenizer, reply: reply, completion: completion,
                isContextBound: limit == asked && request.maximumTokens.map { $0 > room } ?? true, limit: limit,
                constraint: constraint,
                observer: grammarObserver)
            return EngineRequest.Choice(sink: sink, constraint: constraint)
        }
        // Under a format the constraint decides where end tokens may stand.
        let endsAnywhere = !request.ignoresEnd || format != nil
        do {
            let id = try engine.submit(
                EngineRequest(
                    prompt: prompt.tokens, tenant: tenant.id, sampling: SamplingParameters(request, samplingDefaults),
                    maximumTokens: limit < asked ? limit : request.maximumTokens,
                    endTokens: endsAnywhere ? tokenizer.endOfGenerationTokens : [], choices: choices), reservation)
            queue.onWithdrawal { [engine] in engine.cancel(id) }
            completion.accept()
        } catch {
            throw GenerationError(
                error, promptTokens: promptTokens, contextLength: engine.description.contextLength)
        }
    }

    /// Takes places in the engine's queue.
    private func reserve(_ choices: Int) throws(GenerationError) -> Reservation {
        do {
            return try engine.reserve(choices)
        } catch {
            throw GenerationError(error, promptTokens: 0, contextLength: engine.description.contextLength)
        }
    }

    /// What the reply is held to; nil for plain text.
    ///
    /// No places are held meanwhile: a compilation may take a second, and a bad schema is refused whatever room there is.
    /// But an engine that is full refuses before it.
    private func formatGrammar(
        of plan: ReplyPlan, choices: Int, for tenant: Tenant
    ) async throws(GenerationError) -> FormatGrammar? {
        guard plan.isConstraint else { return nil }
        _ = try reserve(choices)
        return try await grammars.grammar(for: plan, tenant: tenant.id)
    }

    /// Counts the tokens of a conversation, ending where the reply begins, in turns with other prompts.
    package func promptTokens(
        of request: GenerationRequest, for tenant: Tenant
    ) async throws(GenerationError) -> Int {
        guard let prompts else { throw Self.noTemplate }
        return try await prompts.prompt(for: request, limit: .max, for: tenant).tokens.count
    }

    /// The tokens of a conversation, ending where the reply begins; on this thread, however long it takes.
    package func prompt(for request: GenerationRequest) throws(GenerationError) -> [Int32] {
        guard let prompts else { throw Self.noTemplate }
        return try prompts.tokens(of: request)
    }

    private static let noTemplate = GenerationError(
        .noTemplate, "the model has no chat template and takes no messages without one")
}
