import Foundation
import Logging
import PinionEngine
import PinionGeneration
import PinionServer
import TextGeneration

/// Loads every model, each into an engine of its own; one ledger divides the memory budget among them.
///
/// - Throws: ``CommandFailure`` naming both files when two of them have one id.
func loadGenerators(
    for models: [ResolvedModel], settings: ServeSettings, metrics: ServerMetrics, logger: Logger
) async throws -> [any TextGenerator] {
    let ledger = MemoryLedger(budget: settings.memory, engines: models.count)
    var generators: [any TextGenerator] = []
    for (index, model) in models.enumerated() {
        let generator = try await loadModel(
            model, settings: settings, ledger: ledger, metrics: metrics, logger: logger, notice: Console.notice
        ).generator
        // Checked here, where the files are known, and before the next of them is read.
        if let twin = generators.firstIndex(where: { $0.model.id == generator.model.id }) {
            throw CommandFailure(
                "\(models[twin].path) and \(models[index].path) are both named \(generator.model.id); name one of them "
                    + "yourself with --model ID=FILE")
        }
        generators.append(generator)
    }
    return generators
}

/// A model in memory.
struct LoadedModel: Sendable {
    let resolved: ResolvedModel
    let textModel: TextModel
    let generator: LocalGenerator
}

/// Loads a model file into an engine of its own.
///
/// - Parameters:
///   - ledger: Where the engine has its memory from.
///   - notice: Told what the user should know of the model.
func loadModel(
    _ model: ResolvedModel, settings: ServeSettings, ledger: MemoryLedger, metrics: ServerMetrics, logger: Logger,
    notice: (String) -> Void
) async throws -> LoadedModel {
    var configuration = EngineConfiguration()
    configuration.contextLength = settings.context
    configuration.maximumSequences = settings.maxSequences ?? EngineConfiguration.defaultSequences
    configuration.maximumWaiting = settings.maxWaiting ?? EngineConfiguration.defaultWaiting
    configuration.cacheType = settings.cacheType ?? EngineConfiguration.defaultCacheType
    configuration.quantisation = settings.quantisation
    configuration.threads = settings.threads
    configuration.ledger = ledger
    // One budget of bodies for all models, as of memory.
    configuration.bodyMemory = settings.server.limits.bodiesInFlight / settings.models.count
    configuration.grammarMemory = GrammarShelf.keptBytes
    let observer = EngineMetrics(logger: logger)
    configuration.observer = observer
    var options = TextOptions()
    options.template = try settings.chatTemplates.first { $0.model == nil || $0.model == model.id }?.choice()
    options.toolFormat = settings.toolFormat
    options.usesGenerationDefaults = settings.generationAdvice == .model
    let loaded = try await TextModel.load(path: model.path, configuration, options: options, grammarObserver: observer)
    let id = model.id ?? loaded.name.description
    if let text = templateNotice(of: loaded, id: id) { notice(text) }
    observer.begin(metrics.model(id))
    let memory = loaded.engine.description.memory
    metrics.model(id).activity.loaded(
        .init(weights: memory.weights, cache: memory.cacheBytes, other: memory.buffers + memory.overhead))
    logger.info(
        "model loaded",
        metadata: [
            "model": .string(id), "memory": .string(memory.description),
        ])
    let generator = LocalGenerator(
        loaded, id: id, created: Int(Date().timeIntervalSince1970),
        owner: "pinion", build: PinionProgram.version)
    return LoadedModel(resolved: model, textModel: loaded, generator: generator)
}

/// What the operator should know of a model whose files hold no chat template.
private func templateNotice(of model: TextModel, id: String) -> String? {
    switch model.template?.origin {
    case .model, .given: nil
    case .family(let format): "\(id) has no chat template of its own; its tokens are those of \(format), which is used"
    case nil:
        if let variants = model.variants {
            "\(id) has no default chat template, and chat requests are refused until one is chosen: --chat-template takes "
                + "one of \(variants)"
        } else {
            "\(id) has no chat template, and chat requests are refused until it has one: --chat-template FILE"
        }
    }
}
