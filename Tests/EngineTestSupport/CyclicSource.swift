package import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor

/// A model file whose model favours what comes next in a cycle of tokens, so that what a random model says repeats itself
/// now and then.
package struct CyclicSource: EngineSource {
    package static let cycle: [Int32] = [11, 12, 13, 14]
    private static let strength: Float = 6

    private let path: String

    package init(path: String) {
        self.path = path
    }

    package func open() throws -> any OpenModel {
        File(base: try PackageSource(ModelPackage(path: path)).open())
    }

    private struct File: OpenModel {
        let base: any OpenModel

        var path: String { base.path }
        func plan(limits: StepLimits, quantisation: Quantisation?) throws(ModelError) -> ModelPlan {
            try base.plan(limits: limits, quantisation: quantisation)
        }
        func load(_ context: LoadContext) throws(ModelError) -> any LanguageModel {
            Model(base: try base.load(context))
        }
        func digest(team: WorkerTeam) -> UInt64 { base.digest(team: team) }
    }

    private final class Model: LanguageModel {
        let base: any LanguageModel
        var shape: ModelShape { base.shape }

        init(base: any LanguageModel) {
            self.base = base
        }

        func forward(_ batch: StepBatch, cache: KVCache) throws(ModelError) -> UnsafeMutablePointer<Float> {
            let logits = try base.forward(batch, cache: cache)
            for (row, token) in batch.outputs.enumerated() {
                let place = CyclicSource.cycle.firstIndex(of: batch.tokens[Int(token)]) ?? -1
                let next = CyclicSource.cycle[(place + 1) % CyclicSource.cycle.count]
                logits[row * shape.vocabulary + Int(next)] += CyclicSource.strength
            }
            return logits
        }
    }
}
