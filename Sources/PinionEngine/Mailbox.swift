/// Commands on their way to the engine thread, until it is closed.
///
/// - Note: `@unchecked Sendable` is sound because `commands` and `isClosed` are touched only under `condition`.
final class Mailbox<Command: Sendable>: @unchecked Sendable {
    private let condition = MonotonicCondition()
    private var commands: [Command] = []
    private var isClosed = false

    /// - Returns: false when the mailbox is closed, so that the engine will not take the command.
    @discardableResult
    func put(_ command: Command) -> Bool {
        condition.withLock {
            guard !isClosed else { return false }
            commands.append(command)
            condition.signal()
            return true
        }
    }

    /// Closes the mailbox: it refuses further commands, and the engine still takes the commands in it.
    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }

    enum Patience {
        case none
        case until(ContinuousClock.Instant)
        case endless
    }

    /// Takes all commands; when there is none, sleeps for one as long as `patience` lasts and the mailbox is open.
    ///
    /// - Returns: The commands, and whether they are the last.
    func take(_ patience: Patience) -> (commands: [Command], isClosed: Bool) {
        condition.withLock {
            switch patience {
            case .none: break
            case .until(let time): while commands.isEmpty, !isClosed, condition.wait(until: time) {}
            case .endless: while commands.isEmpty, !isClosed { condition.wait() }
            }
            defer { commands.removeAll() }
            return (commands, isClosed)
        }
    }
}
