import NIOCore

/// Measures whether a client takes what waits for it.
///
/// While the channel is not writable, and after the end of a reply, nobody adds to what is buffered, so that it shrinks
/// exactly when the client reads.
struct WriteStall: Equatable {
    /// How often within the time of a stall it is looked whether the client took something.
    private static let checksPerStall: Int64 = 10

    private let limit: TimeAmount
    /// Bytes that were waiting when the client last took some.
    private var unread: Int
    /// When the client last took some.
    private var lastProgress: NIODeadline
    private(set) var nextCheck: NIODeadline

    /// - Parameter limit: Time without any progress after which the client counts as stalled.
    init(limit: TimeAmount, unread: Int, at now: NIODeadline) {
        self.limit = limit
        self.unread = unread
        lastProgress = now
        nextCheck = now + Self.interval(limit)
    }

    /// Looks again.
    ///
    /// - Returns: Whether a whole limit brought no progress.
    mutating func isSpent(unread now: Int, at time: NIODeadline) -> Bool {
        if now < unread { (unread, lastProgress) = (now, time) }
        nextCheck = time + Self.interval(limit)
        return time - lastProgress >= limit
    }

    private static func interval(_ limit: TimeAmount) -> TimeAmount {
        .nanoseconds(limit.nanoseconds / checksPerStall)
    }
}
