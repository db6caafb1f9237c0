import Synchronization

enum EngineCommand: Sendable {
    case submit(Engine.RequestID, EngineRequest)
    case cancel(Engine.RequestID)
}

/// What the engine thread shares with the handle that others have of it.
final class EngineLink: Sendable {
    private struct Guarded {
        var life = EngineLife()
        /// Tasks that wait for the end.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Closed when the engine is to stop, so that no request can be put where no thread will find it.
    let mailbox = Mailbox<EngineCommand>()
    let pending = PendingSequences()
    let counters = EngineCounters()
    private let guarded = Mutex(Guarded())

    var state: EngineLife.State { guarded.withLock { $0.life.state } }

    /// Records what happened to the engine.
    ///
    /// - Returns: The state that follows.
    @discardableResult
    func record(_ event: EngineLife.Event) -> EngineLife.State {
        let (state, ended) = guarded.withLock { guarded in
            let state = guarded.life.handle(event)
            guard state == .ended else { return (state, [] as [CheckedContinuation<Void, Never>]) }
            defer { guarded.waiting = [] }
            return (state, guarded.waiting)
        }
        for task in ended { task.resume() }
        return state
    }

    /// Tells the engine thread to end.
    func stop() {
        record(.stopRequested)
        mailbox.close()
    }

    /// Returns once the engine has ended.
    func waitForEnd() async {
        await withCheckedContinuation { task in
            let isOver = guarded.withLock { guarded in
                guard guarded.life.state != .ended else { return true }
                guarded.waiting.append(task)
                return false
            }
            if isOver { task.resume() }
        }
    }
}

/// How many sequences are in the engine's hands, counted on both sides of the mailbox.
final class PendingSequences: Sendable {
    private let counted = Mutex(0)

    var count: Int { counted.withLock { $0 } }

    /// - Returns: Whether there was room for so many more.
    func add(_ sequences: Int, limit: Int) -> Bool {
        counted.withLock { count in
            guard count + sequences <= limit else { return false }
            count += sequences
            return true
        }
    }

    func remove(_ sequences: Int) {
        counted.withLock { $0 -= sequences }
    }
}

/// The engine thread's statistics, for others to read.
final class EngineCounters: Sendable {
    private let counted = Mutex(EngineStatistics())

    var statistics: EngineStatistics { counted.withLock { $0 } }

    func update(_ change: (inout EngineStatistics) -> Void) {
        counted.withLock { change(&$0) }
    }
}
