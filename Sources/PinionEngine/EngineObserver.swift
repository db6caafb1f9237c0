/// What an engine holds.
package struct EngineOccupancy: Sendable, Equatable {
    /// Sequences that hold blocks.
    package var running = 0
    /// Sequences that wait for a place, choices of prompts that are not computed yet among them.
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
    /// A stream has more tokens, that long after its last ones.
    func continued(after gap: Duration)
    /// After a step, and when sequences came or went.
    func occupied(_ occupancy: EngineOccupancy)
    /// The engine failed, all its sequences have ended, and it is being rebuilt; or it could not be rebuilt yet.
    func failed(_ error: EngineError)
    /// It was rebuilt.
    func recovered()
}
