import Foundation
import Logging
import PinionEngine
import PinionGeneration
import PinionServer
import TextGeneration

/// Loads every model, each into an engine of its own; the memory budget is divided evenly among them.
///
/// - Throws: ``CommandFailure`` naming both files when two of them have one id.
func loadGenerators(
    for models: [ResolvedModel], settings: ServeSettings, metrics: ServerMetrics, logger: Logger
) async throws -> [any TextGenerator] {
    let memory = (settings.memory ?? MemoryPlan.standardBudget) / models.count
    var generators: [any TextGenerator] = []
    for (index, model) in models.enumerated() {
        let generator = try await loadGenerator(
            for: model, settings: settings, memory: memory, metrics: metrics, logger: logger)
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

/// Loads a model file into an engine of its own.
///
/// - Parameter memory: Bytes that it may take.
private func loadGenerator(
    for model: ResolvedModel, settings: ServeSettings, memory: Int, metrics: ServerMetrics, logger: Logger
) async throws -> any TextGenerator {
    var configuration = EngineConfiguration()
    configuration.contextLength = settings.context
    configuration.maximumSequences = settings.maxSequences ?? EngineConfiguration.standardSequences
    configuration.maximumWaiting = settings.maxWaiting ?? EngineConfiguration.standardWaiting
    configuration.cacheType = settings.cacheType
    configuration.threads = settings.threads
    configuration.memory = memory
    // One budget of bodies for all models, as of memory.
    configuration.bodyMemory = settings.server.limits.bodiesInFlight / settings.models.count
    let observer = EngineMetrics(logger: logger)
    configuration.observer = observer
    let loaded = try await TextModel.load(path: model.path, configuration)
    let id = model.id ?? loaded.name.description
    observer.begin(metrics.model(id))
    logger.info(
        "model loaded",
        metadata: [
            "model": .string(id), "memory": .string(loaded.engine.description.memory.description),
        ])
    return LocalGenerator(
        loaded, id: id, created: Int(Date().timeIntervalSince1970),
        owner: "pinion", build: Pinion.version)
}
