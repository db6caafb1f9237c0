import Dispatch
import PinionWire
import Synchronization

/// Makes reports one after the other on a thread of their own; a report whose client has left is not made.
///
/// A report over a million rows reads a disk and keeps a processor busy for most of a second. Not several at one time: they
/// would take the processors from the engine.
package final class ReportQueue: Sendable {
    /// Reports that may wait, including the report that is being made.
    package static let maximumReports = 8
    /// Seconds after which a refused client may ask again: about the time of a few reports.
    private static let retrySeconds = 2

    private let queue = DispatchQueue(label: "pinion.reports")
    private let reports = Mutex(0)

    package init() {}

    /// Waits for its turn, and makes a report; nothing is made for a task that was cancelled before.
    ///
    /// - Throws: An `APIError` with 503 where ``maximumReports`` wait already; `CancellationError`; what the report throws.
    package func make<Report: Sendable>(_ report: @escaping @Sendable () throws -> Report) async throws -> Report {
        let hasRoom = reports.withLock { reports in
            guard reports < Self.maximumReports else { return false }
            reports += 1
            return true
        }
        guard hasRoom else { throw APIError.overloaded(retryAfter: Self.retrySeconds) }
        let departure = Departure()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { [self] in
                    let result = Result {
                        if departure.isNoted { throw CancellationError() }
                        return try report()
                    }
                    // Before the answer: who has it may ask again at once.
                    reports.withLock { $0 -= 1 }
                    continuation.resume(with: result)
                }
            }
        } onCancel: {
            departure.note()
        }
    }

    /// Whether the task that waits was cancelled, as another thread asks.
    private final class Departure: Sendable {
        private let noted = Mutex(false)

        var isNoted: Bool { noted.withLock { $0 } }

        func note() { noted.withLock { $0 = true } }
    }
}
