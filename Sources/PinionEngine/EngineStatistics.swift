import Synchronization

/// What an engine has done.
package struct EngineStatistics: Sendable, Equatable {
    /// Forward passes.
    package var steps = 0
    /// Tokens computed before a sequence's first, or again after a preemption.
    package var promptTokens = 0
    /// Tokens of prompts that were found in the cache instead.
    package var cachedTokens = 0
    /// Tokens sampled, drafts that were accepted included.
    package var sampledTokens = 0
    /// Guessed tokens that were computed ahead.
    package var draftedTokens = 0
    /// Those of them that were sampled indeed, each of which saved its sequence a step.
    package var acceptedTokens = 0
    /// Sequences whose blocks were taken for others.
    package var preemptions = 0

    package init() {}

    static func += (total: inout EngineStatistics, more: EngineStatistics) {
        total.steps += more.steps
        total.promptTokens += more.promptTokens
        total.cachedTokens += more.cachedTokens
        total.sampledTokens += more.sampledTokens
        total.draftedTokens += more.draftedTokens
        total.acceptedTokens += more.acceptedTokens
        total.preemptions += more.preemptions
    }
}

/// What an engine holds.
package struct EngineOccupancy: Sendable, Equatable {
    package var running = 0
    package var waiting = 0
    /// Cache blocks of running sequences; blocks that nobody uses, but that can be found again; blank blocks.
    package var usedBlocks = 0
    package var idleBlocks = 0
    package var blankBlocks = 0

    package init() {}
}

/// Told on the engine thread what the engine does; must not block.
package protocol EngineObserver: Sendable {
    /// A step was made.
    func stepped(in time: Duration, _ done: EngineStatistics)
    /// After a step, and when sequences came or went.
    func occupied(_ occupancy: EngineOccupancy)
    /// The engine failed; all its sequences have ended, and it is being made anew.
    func failed(_ error: EngineError)
    /// It was made anew.
    func recovered()
}

/// The engine thread's statistics, for others to read.
final class EngineCounters: Sendable {
    private let counted = Mutex(EngineStatistics())

    var statistics: EngineStatistics { counted.withLock { $0 } }

    func add(_ more: EngineStatistics) {
        counted.withLock { $0 += more }
    }
}
