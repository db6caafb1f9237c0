import Synchronization

enum EngineCommand: Sendable {
    case submit(Engine.RequestID, EngineRequest)
    case cancel(Engine.RequestID)
    case stop
}

/// What the engine thread shares with the handle that others have of it.
final class EngineLink: Sendable {
    let mailbox = Mailbox<EngineCommand>()
    let load = EngineLoad()
    let counters = EngineCounters()
    /// Whether the engine takes requests; false while it is rebuilt.
    let isReady = Atomic<Bool>(true)
}

/// How many sequences are in the engine's hands, counted on both sides of the mailbox.
final class EngineLoad: Sendable {
    private let count = Mutex(0)

    var pending: Int { count.withLock { $0 } }

    func reserve(_ sequences: Int, limit: Int) -> Bool {
        count.withLock { count in
            guard count + sequences <= limit else { return false }
            count += sequences
            return true
        }
    }

    func release() {
        count.withLock { $0 -= 1 }
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
