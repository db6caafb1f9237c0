package import PinionModels
package import PinionTensor
import Synchronization

/// Where an engine has its model from: at its start, and again after a failure.
package protocol EngineSource: Sendable {
    /// Opens the model, of which nothing is in memory yet.
    func open() throws -> any OpenModel
}

/// A model that can be loaded.
package protocol OpenModel {
    /// For messages.
    var path: String { get }
    /// What loading it will take.
    func plan(limits: StepLimits) throws(ModelError) -> ModelPlan
    func load(_ context: LoadContext) throws(ModelError) -> any LanguageModel
    /// Of all the model's bytes.
    func digest(team: WorkerTeam) -> UInt64
}

/// A GGUF file, which must stay where it is.
package final class GGUFSource: EngineSource {
    private let path: String
    /// Given away once, so that the mapping does not live as long as the engine: packed, it is not needed.
    private let opened: Mutex<GGUFFile?>

    package init(_ file: GGUFFile) {
        path = file.file.path
        opened = Mutex(file)
    }

    package func open() throws -> any OpenModel {
        GGUFModel(file: try opened.withLock { $0.take() } ?? GGUFFile(path: path))
    }
}

private struct GGUFModel: OpenModel {
    let file: GGUFFile

    var path: String { file.file.path }

    func plan(limits: StepLimits) throws(ModelError) -> ModelPlan { try ModelLoader.plan(file, limits: limits) }

    func load(_ context: LoadContext) throws(ModelError) -> any LanguageModel {
        try ModelLoader.load(file, context: context)
    }

    func digest(team: WorkerTeam) -> UInt64 { ContentDigest.of(file.file, team: team) }
}
