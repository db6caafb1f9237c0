import Foundation

/// How far a long piece of work has come: a bar that redraws itself on a terminal, else a line now and then.
final class ProgressReport {
    private static let barWidth = 30
    /// Between two drawings of the bar, and between two lines.
    private static let barInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(10)

    private let total: Int
    private let what: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private let interval: Duration
    private var next: ContinuousClock.Instant
    private var isDrawn = false

    /// - Parameters:
    ///   - total: Bytes of the whole work.
    ///   - what: What is being done, for the line.
    init(total: Int, what: String) {
        self.total = max(total, 1)
        self.what = what
        interval = isTerminal ? Self.barInterval : Self.lineInterval
        next = clock.now + interval
    }

    deinit {
        end()
    }

    /// Shows that `done` bytes are done, if it is time to.
    func show(_ done: Int) {
        guard clock.now >= next else { return }
        next = clock.now + interval
        let share = min(done, total) * 100 / total
        let amount = "\(share) % of \(ByteSize.text(total))"
        guard isTerminal else { return Console.notice("\(what): \(amount)") }
        let filled = Self.barWidth * share / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.barWidth - filled)
        Console.errorText("\r\u{1B}[K[\(bar)] \(amount)")
        isDrawn = true
    }

    /// Takes the bar away, so that what is printed next begins its line.
    func end() {
        guard isDrawn else { return }
        isDrawn = false
        Console.errorText("\r\u{1B}[K")
    }
}
