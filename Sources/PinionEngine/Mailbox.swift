import Foundation

/// Commands on their way to the engine thread.
///
/// - Note: `@unchecked Sendable` is sound because `commands` is touched only under `condition`.
final class Mailbox<Command: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var commands: [Command] = []

    func put(_ command: Command) {
        condition.lock()
        commands.append(command)
        condition.signal()
        condition.unlock()
    }

    enum Patience {
        case none
        case until(Date)
        case endless
    }

    /// Takes all commands; when there is none, sleeps for one as long as `patience` lasts.
    func take(_ patience: Patience) -> [Command] {
        condition.lock()
        defer { condition.unlock() }
        switch patience {
        case .none: break
        case .until(let time): while commands.isEmpty, condition.wait(until: time) {}
        // A date as far off as this one would have to be does not fit what the system's clock counts in.
        case .endless: while commands.isEmpty { condition.wait() }
        }
        defer { commands.removeAll() }
        return commands
    }
}
