import Foundation
import PinionCatalog
import Synchronization

/// Shows a download: a bar on a terminal, a line now and then elsewhere.
final class PullDisplay: Sendable {
    /// Characters of the bar.
    private static let width = 28
    /// A line tells of so many hundredths more than the one before.
    private static let lineStep = 10
    /// Least time between two drawings of the bar.
    private static let drawInterval = Duration.milliseconds(100)
    /// Least time after which a rate means something.
    private static let rateDelay = 1.0

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

    func show(_ event: PullEvent) {
        state.withLock { state in
            switch event {
            case .note(let text):
                if state.isDrawn { Console.errorText("\r\u{1B}[K") }
                state.isDrawn = false
                Console.notice(text)
            case .progress(let done, let total):
                guard total > 0 else { return }
                if isTerminal { draw(done, total, &state) } else { tell(done, total, &state) }
            }
        }
    }

    private func draw(_ done: Int, _ total: Int, _ state: inout State) {
        let now = ContinuousClock.now
        if let drawn = state.drawn, drawn + Self.drawInterval > now, done < total { return }
        let start = state.start ?? (now, done)
        state.start = start
        state.drawn = now
        let filled = Self.width * max(0, min(done, total)) / total
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
        var line = "\r\u{1B}[K[\(bar)] \(Self.megabytes(done)) of \(Self.megabytes(total)) MB"
        let seconds = (now - start.time) / .seconds(1)
        let rate = Double(done - start.done) / max(seconds, Self.rateDelay)
        if seconds >= Self.rateDelay, rate > 0 {
            line += ", \(Self.megabytes(Int(rate))) MB/s, \(Int(Double(total - done) / rate) + 1) s left"
        }
        state.isDrawn = done < total
        Console.errorText(done < total ? line : "\r\u{1B}[K")
    }

    private func tell(_ done: Int, _ total: Int, _ state: inout State) {
        let hundredths = Int(Double(done) / Double(total) * 100)
        guard hundredths >= state.told + Self.lineStep else { return }
        state.told = hundredths - hundredths % Self.lineStep
        Console.notice("\(state.told) % of \(Self.megabytes(total)) MB")
    }

    private static func megabytes(_ bytes: Int) -> Int { (bytes + 500_000) / 1_000_000 }
}
