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

    /// Takes all commands; with `waiting`, sleeps until there is one.
    func take(waiting: Bool) -> [Command] {
        condition.lock()
        defer { condition.unlock() }
        while waiting && commands.isEmpty { condition.wait() }
        defer { commands.removeAll() }
        return commands
    }
}
