import Foundation
import Logging
import PinionEngine
import PinionGeneration
import PinionServer

/// Loads a model file into an engine of its own.
///
/// - Parameter memory: Bytes that it may take.
func loadGenerator(
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
