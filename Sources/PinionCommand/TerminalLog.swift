import Dispatch
import Foundation
import Synchronization

/// Prints a line for each request on a terminal, at the default log level.
///
/// On a queue of its own: a terminal that was paused blocks its writers, and the server's threads must not be among
/// them. Lines beyond ``maximumPending`` are dropped then, so that a pause costs no memory.
final class TerminalLog: Sendable {
    /// Lines that wait for the terminal: far more than a terminal that is not paused ever leaves waiting.
    private static let maximumPending = 1_000

    private let queue = DispatchQueue(label: "pinion.terminal")
    private let pending = Mutex(0)

    /// Nil where lines for people would not be read: with a log file or pipe, or when the level was chosen otherwise.
    init?(_ settings: ServeSettings) {
        guard settings.logLevel == ServeSettings.defaultLogLevel, isatty(STDERR_FILENO) == 1 else { return nil }
    }

    func print(_ line: String) {
        let isTaken = pending.withLock { count in
            guard count < Self.maximumPending else { return false }
            count += 1
            return true
        }
        guard isTaken else { return }
        let time = Self.time()
        queue.async { [self] in
            Console.remark("\(time) \(line)")
            pending.withLock { $0 -= 1 }
        }
    }

    /// The time of day, as the user's clock shows it.
    private static func time() -> String {
        var seconds = Foundation.time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
