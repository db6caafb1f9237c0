#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Named points at which the process kills itself, for tests of what a kill leaves: `PINION_KILL_AT=before-fold:3` ends it
/// when the point is reached for the third time.
package struct FaultPoints: Sendable {
    enum Point: String, Sendable {
        case beforeJournal = "before-journal"
        case afterJournal = "after-journal"
        case beforeFold = "before-fold"
        case beforeCut = "before-cut"
        case afterCut = "after-cut"
    }

    static let shared = FaultPoints()
    package static let environmentKey = "PINION_KILL_AT"

    private let point: Point?
    private let countdown: Countdown

    init(_ text: String? = getenv(Self.environmentKey).map { String(cString: $0) }) {
        let parts = (text ?? "").split(separator: ":")
        point = parts.first.flatMap { Point(rawValue: String($0)) }
        countdown = Countdown(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }

    func reach(_ point: Point) {
        guard point == self.point, countdown.isDone() else { return }
        kill(getpid(), SIGKILL)
    }
}
