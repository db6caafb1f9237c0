import Logging
import PinionStore
import PinionWire
import Synchronization

/// Tells clients of a store that does not answer, and the operator, but the latter not for every request.
final class StoreOutage: Sendable {
    /// Seconds after which a client may ask again. A command holds the database for less; another program may hold it longer.
    private static let retrySeconds = 2
    /// Time between two lines of the log.
    private static let logInterval = Duration.seconds(5)

    private let logged = Mutex<ContinuousClock.Instant?>(nil)

    /// What the store says.
    ///
    /// - Throws: A 503 where the store is held or is not there for now, `CancellationError` for a client that left, and any other
    ///   failure as it is: it does not pass by itself.
    func ask<Answer: Sendable>(_ store: () async throws -> Answer) async throws -> Answer {
        do {
            return try await store()
        } catch let error as StoreError {
            switch error.code {
            case .busy, .unavailable:
                log(error)
                throw Self.outage
            case .cancelled: throw CancellationError()
            default: throw error
            }
        }
    }

    private static let outage = APIError(
        status: 503, message: "The server cannot read its keys at the moment. Please try again in \(retrySeconds)s.",
        type: "server_error", code: "server_is_overloaded", retryAfter: retrySeconds)

    private func log(_ error: StoreError) {
        let now = ContinuousClock.now
        let isDue = logged.withLock { last in
            if let last, last.duration(to: now) < Self.logInterval { return false }
            last = now
            return true
        }
        // Made here: the server's log is set up after this object.
        if isDue { Logger(label: "pinion").error("requests are refused", metadata: ["error": .string(error.message)]) }
    }
}
