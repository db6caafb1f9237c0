import Synchronization

/// What an engine has done since it started.
package struct EngineStatistics: Sendable, Equatable {
    /// Forward passes.
    package var steps = 0
    /// Tokens sampled, drafts that were accepted included.
    package var sampledTokens = 0
    /// Guessed tokens that were computed ahead.
    package var draftedTokens = 0
    /// Those of them that were sampled indeed, each of which saved its sequence a step.
    package var acceptedTokens = 0
}

/// The engine thread's statistics, for others to read.
final class EngineCounters: Sendable {
    private let counted = Mutex(EngineStatistics())

    var statistics: EngineStatistics { counted.withLock { $0 } }

    func add(_ more: EngineStatistics) {
        counted.withLock { total in
            total.steps += more.steps
            total.sampledTokens += more.sampledTokens
            total.draftedTokens += more.draftedTokens
            total.acceptedTokens += more.acceptedTokens
        }
    }
}
