import Foundation
import Synchronization

/// How far a long piece of work has come: a bar on a terminal, with rate and time left, else a line for each tenth.
final class ProgressDisplay: Sendable {
    /// Characters of the bar.
    private static let width = 28
    /// A line tells of so many hundredths more than the one before.
    private static let lineStep = 10
    /// Least time between two drawings of the bar.
    private static let drawInterval = Duration.milliseconds(100)
    /// Least time after which a rate means something.
    private static let rateDelay = 1.0
    private static let clearedLine = "\r\u{1B}[K"

    private struct State {
        var start: (time: ContinuousClock.Instant, done: Int)?
        var drawn: ContinuousClock.Instant?
        var told = 0
        var isDrawn = false
    }

    private let isTerminal: Bool
    private let state = Mutex(State())

    init(isTerminal: Bool = isatty(STDERR_FILENO) == 1) {
        self.isTerminal = isTerminal
    }

    deinit { end() }

    /// Shows that so many of all bytes are done, if it is time to.
    func show(_ done: Int, of total: Int) {
        guard total > 0 else { return }
        state.withLock { isTerminal ? draw(done, total, &$0) : tell(done, total, &$0) }
    }

    /// Tells something beside it.
    func note(_ text: String) {
        state.withLock { state in
            Self.clear(&state)
            Console.notice(text)
        }
    }

    /// Takes the bar away, so that what is printed next begins its line.
    func end() {
        state.withLock { Self.clear(&$0) }
    }

    private static func clear(_ state: inout State) {
        if state.isDrawn { Console.errorText(clearedLine) }
        state.isDrawn = false
    }

    private func draw(_ done: Int, _ total: Int, _ state: inout State) {
        let now = ContinuousClock.now
        guard done < total else { return Self.clear(&state) }
        if let drawn = state.drawn, drawn + Self.drawInterval > now { return }
        let start = state.start ?? (now, done)
        state.start = start
        state.drawn = now
        let filled = Int(Double(Self.width) * Double(max(0, done)) / Double(total))
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
        var line = "\(Self.clearedLine)[\(bar)] \(Self.megabytes(done)) of \(Self.megabytes(total)) MB"
        let seconds = (now - start.time) / .seconds(1)
        let rate = Double(done - start.done) / max(seconds, Self.rateDelay)
        if seconds >= Self.rateDelay, rate > 0 {
            line += ", \(Self.megabytes(Int(rate))) MB/s, \(Int(Double(total - done) / rate) + 1) s left"
        }
        state.isDrawn = true
        Console.errorText(line)
    }

    private func tell(_ done: Int, _ total: Int, _ state: inout State) {
        let hundredths = Int(Double(done) / Double(total) * 100)
        guard hundredths >= state.told + Self.lineStep else { return }
        state.told = hundredths - hundredths % Self.lineStep
        Console.notice("\(state.told) % of \(Self.megabytes(total)) MB")
    }

    private static func megabytes(_ bytes: Int) -> Int { (bytes + 500_000) / 1_000_000 }
}
