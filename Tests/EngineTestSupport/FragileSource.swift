package import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor
package import Synchronization

/// A model file whose model fails, or makes no numbers, when the test says so.
package final class FragileSource: EngineSource {
    package enum Fault: Sendable {
        case throwing
        /// Rows of logits that are no numbers.
        case notFinite
    }

    private let path: String
    /// What the next forward passes do.
    package let faults = Mutex<[Fault?]>([])
    package let opened = Atomic<Int>(0)
    /// Models in memory, and the most there were when one was opened.
    package let alive = Atomic<Int>(0)
    package let mostAliveAtOpening = Atomic<Int>(0)
    /// Times that opening fails from now on.
    package let refusals = Mutex(0)

    package init(path: String) { self.path = path }

    package func open() throws -> any OpenModel {
        opened.add(1, ordering: .relaxed)
        mostAliveAtOpening.max(alive.load(ordering: .relaxed), ordering: .relaxed)
        let isRefused = refusals.withLock { refusals in
            defer { refusals = max(refusals - 1, 0) }
            return refusals > 0
        }
        if isRefused { throw ModelError(.invalidConfiguration, "the file is away") }
        return FragileFile(base: try PackageSource(ModelPackage(path: path)).open(), source: self)
    }

    private struct FragileFile: OpenModel {
        let base: any OpenModel
        let source: FragileSource

        var path: String { base.path }
        func plan(limits: StepLimits, quantisation: Quantisation?) throws(ModelError) -> ModelPlan {
            try base.plan(limits: limits, quantisation: quantisation)
        }
        func load(_ context: LoadContext) throws(ModelError) -> any LanguageModel {
            FragileModel(base: try base.load(context), source: source)
        }
        func digest(team: WorkerTeam) -> UInt64 { base.digest(team: team) }
    }

    private final class FragileModel: LanguageModel {
        let base: any LanguageModel
        let source: FragileSource
        var shape: ModelShape { base.shape }

        init(base: any LanguageModel, source: FragileSource) {
            self.base = base
            self.source = source
            source.alive.add(1, ordering: .relaxed)
        }

        deinit {
            source.alive.subtract(1, ordering: .relaxed)
        }

        func forward(_ batch: StepBatch, cache: KVCache) throws(ModelError) -> UnsafeMutablePointer<Float> {
            let fault = source.faults.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            let logits = try base.forward(batch, cache: cache)
            switch fault {
            case nil: break
            case .throwing: throw ModelError(.tensor, "a step that cannot be made")
            case .notFinite: logits.update(repeating: .nan, count: batch.outputs.count * shape.vocabulary)
            }
            return logits
        }
    }
}
