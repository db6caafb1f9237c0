package import PinionModelFiles
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
    ///
    /// - Parameter quantisation: What float weights will be packed as.
    func plan(limits: StepLimits, quantisation: Quantisation?) throws(ModelError) -> ModelPlan
    func load(_ context: LoadContext) throws(ModelError) -> any LanguageModel
    /// Of all the model's bytes.
    func digest(team: WorkerTeam) -> UInt64
}

/// A model's files, which must stay where they are.
package final class PackageSource: EngineSource {
    private let path: String
    /// Given away once, so that the mapping does not live as long as the engine: packed, it is not needed.
    private let opened: Mutex<ModelPackage?>

    package init(_ package: ModelPackage) {
        path = package.path
        opened = Mutex(package)
    }

    package func open() throws -> any OpenModel {
        PackagedModel(package: try opened.withLock { $0.take() } ?? ModelPackage(path: path))
    }
}

private struct PackagedModel: OpenModel {
    let package: ModelPackage

    var path: String { package.path }

    func plan(limits: StepLimits, quantisation: Quantisation?) throws(ModelError) -> ModelPlan {
        try ModelLoader.plan(package, limits: limits, quantisation: quantisation)
    }

    func load(_ context: LoadContext) throws(ModelError) -> any LanguageModel {
        try ModelLoader.load(package, context: context)
    }

    func digest(team: WorkerTeam) -> UInt64 { package.digest(team: team) }
}
