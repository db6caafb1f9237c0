import Foundation

/// The processor time that this process has taken, which other processes on the machine do not lengthen.
package func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// The processor time that a body takes.
package func processorTime(_ body: () throws -> Void) rethrows -> Duration {
    let start = processorTime()
    try body()
    return processorTime() - start
}

/// The least processor time that a body takes in three rounds: caches are shared with whatever else the machine does.
package func leastProcessorTime(_ body: () throws -> Void) rethrows -> Duration {
    try (0..<3).map { _ in try processorTime(body) }.min() ?? .zero
}
