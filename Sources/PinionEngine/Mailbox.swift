/// Commands on their way to the engine thread.
///
/// - Note: `@unchecked Sendable` is sound because `commands` is touched only under `condition`.
final class Mailbox<Command: Sendable>: @unchecked Sendable {
    private let condition = MonotonicCondition()
    private var commands: [Command] = []

    func put(_ command: Command) {
        condition.withLock {
            commands.append(command)
            condition.signal()
        }
    }

    enum Patience {
        case none
        case until(ContinuousClock.Instant)
        case endless
    }

    /// Takes all commands; when there is none, sleeps for one as long as `patience` lasts.
    func take(_ patience: Patience) -> [Command] {
        condition.withLock {
            switch patience {
            case .none: break
            case .until(let time): while commands.isEmpty, condition.wait(until: time) {}
            case .endless: while commands.isEmpty { condition.wait() }
            }
            defer { commands.removeAll() }
            return commands
        }
    }
}
