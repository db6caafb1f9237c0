import CoreMetrics
package import Logging
import Metrics
package import PinionEngine
import PinionGeneration
package import PinionServer
import PinionTensor
import Synchronization

/// Measures one engine, and logs when it fails.
package final class EngineMetrics: EngineObserver {
    private struct State {
        var metrics: ModelMetrics?
        /// What the engine told before its model had a name.
        var occupancy: EngineOccupancy?
    }

    private let state = Mutex(State())
    private let logger: Logger

    package init(logger: Logger) {
        self.logger = logger
    }

    /// Names the model, which may be known only once the engine has loaded it.
    package func begin(_ metrics: ModelMetrics) {
        let occupancy = state.withLock { state in
            state.metrics = metrics
            return state.occupancy
        }
        if let occupancy { set(occupancy, in: metrics) }
    }

    package func stepped(in time: Duration, _ done: EngineStatistics) {
        guard let metrics = state.withLock({ $0.metrics }) else { return }
        metrics.step.record(duration: time)
        metrics.computedTokens.increment(by: done.promptTokens)
        metrics.cachedTokens.increment(by: done.cachedTokens)
        metrics.generatedTokens.increment(by: done.sampledTokens)
        metrics.draftedTokens.increment(by: done.draftedTokens)
        metrics.acceptedTokens.increment(by: done.acceptedTokens)
        metrics.preemptions.increment(by: done.preemptions)
        metrics.activity.generated(done.sampledTokens)
    }

    package func continued(after gap: Duration) {
        guard let metrics = state.withLock({ $0.metrics }) else { return }
        metrics.gap.record(duration: gap)
        metrics.activity.continued(after: gap)
    }

    package func occupied(_ occupancy: EngineOccupancy) {
        let metrics = state.withLock { state in
            state.occupancy = occupancy
            return state.metrics
        }
        if let metrics { set(occupancy, in: metrics) }
    }

    package func failed(_ error: EngineError) {
        state.withLock { $0.metrics }?.failures.increment()
        logger.error("the engine failed and is being rebuilt", metadata: ["error": .string(error.message)])
    }

    package func recovered() {
        logger.notice("the engine was rebuilt")
    }

    private func set(_ occupancy: EngineOccupancy, in metrics: ModelMetrics) {
        metrics.running.set(occupancy.running)
        metrics.waiting.set(occupancy.waiting)
        metrics.usedBlocks.set(occupancy.usedBlocks)
        metrics.cachedBlocks.set(occupancy.idleBlocks)
        metrics.freeBlocks.set(occupancy.blankBlocks)
        func tokens(_ blocks: Int) -> Int { blocks * KVCache.blockTokens }
        metrics.activity.occupied(
            .init(
                running: occupancy.running, waiting: occupancy.waiting, usedTokens: tokens(occupancy.usedBlocks),
                keptTokens: tokens(occupancy.idleBlocks), freeTokens: tokens(occupancy.blankBlocks)))
    }
}

extension EngineMetrics: GrammarObserver {
    package func compiled(in time: Duration) {
        guard let metrics = state.withLock({ $0.metrics }) else { return }
        metrics.compilations.increment()
        metrics.compileTime.record(duration: time)
    }

    package func found() { state.withLock { $0.metrics }?.foundGrammars.increment() }

    package func masked(in time: Duration) { state.withLock { $0.metrics }?.maskTime.record(duration: time) }

    package func called(_ calls: Int, isDegraded: Bool, format: String) {
        guard let metrics = state.withLock({ $0.metrics }) else { return }
        metrics.toolCalls.increment(by: calls)
        if isDegraded { metrics.degradedReplies.increment() }
        logger.debug(
            "tools called",
            metadata: ["calls": "\(calls)", "format": .string(format), "degraded": "\(isDegraded)"])
    }

    package func forced(_ tokens: Int) { state.withLock { $0.metrics }?.forcedTokens.increment(by: tokens) }
}
