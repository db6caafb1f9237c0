import Foundation
import PinionEngine
import PinionGeneration
import PinionServer

/// Loads a model file into an engine of its own.
func loadGenerator(for model: ResolvedModel, settings: ServeSettings) async throws -> any TextGenerator {
    var configuration = EngineConfiguration()
    configuration.contextLength = settings.context
    configuration.maximumSequences = settings.maxSequences ?? EngineConfiguration.standardSequences
    configuration.threads = settings.threads
    // One budget for all models of the process.
    configuration.memory = (settings.memory ?? MachineLimits.memory / 2) / settings.models.count
    let loaded = try await TextModel.load(path: model.path, configuration)
    return LocalGenerator(
        loaded, id: model.id ?? loaded.name.description, created: Int(Date().timeIntervalSince1970),
        owner: "pinion", build: Pinion.version)
}
