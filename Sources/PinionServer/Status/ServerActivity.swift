import Foundation
package import PinionWire
import Synchronization

/// What the server and its models do now, and did in the last hour: what `GET /admin/status` tells.
///
/// Its memory is fixed but for the requests that run, whatever the server is asked. Everything may be called from any
/// thread.
package final class ServerActivity: Sendable {
    /// Time since the server began, by a clock that only goes forward.
    package typealias Clock = @Sendable () -> Duration

    /// Minutes that are told of, the one that runs included.
    package static let minutes = 60
    /// Models beyond these are not told apart, as many as a metric tells apart.
    private static let maximumModels = 256

    /// A minute of all routes.
    struct Minute: TimeSlot {
        var requests = 0
        var refusals = 0
        var errors = 0
        var slow = SlowRequests()

        mutating func clear() {
            (requests, refusals, errors) = (0, 0, 0)
            slow.clear()
        }
    }

    private struct State {
        var minutes = TimeRing<Minute>(slots: ServerActivity.minutes, of: .seconds(60))
        var errors = RecentErrors()
        /// Requests that generate and have not ended, by their ids: no more than there are connections.
        var running: [String: Progress] = [:]
        /// In the order of their loading.
        var models: [(id: String, activity: ModelActivity)] = []
    }

    /// A request that was answered.
    package struct Answer: Sendable {
        /// The path of its route.
        package var route: String
        /// Of the reply's head; a stream may end in an error after a 200.
        package var status: Int
        /// What the client was told went wrong.
        package var failure: APIError?
        package var requestID: String
        /// Nil for a request that generates nothing.
        package var generation: SlowRequests.Entry?

        package init(
            route: String, status: Int, failure: APIError? = nil, requestID: String,
            generation: SlowRequests.Entry? = nil
        ) {
            (self.route, self.status, self.failure) = (route, status, failure)
            (self.requestID, self.generation) = (requestID, generation)
        }
    }

    let clock: Clock
    private let state = Mutex(State())

    package init(clock: @escaping Clock = ServerActivity.sinceNow()) {
        self.clock = clock
    }

    /// A clock that counts from now on.
    package static func sinceNow() -> Clock {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }

    /// The activity of a model; made once.
    package func model(_ id: String) -> ModelActivity {
        state.withLock { state in
            if let known = state.models.first(where: { $0.id.utf8.elementsEqual(id.utf8) }) { return known.activity }
            let made = ModelActivity(clock: clock)
            if state.models.count < Self.maximumModels { state.models.append((id, made)) }
            return made
        }
    }

    /// What a running request has taken so far.
    package typealias Progress = @Sendable () -> SlowRequests.Entry

    /// Takes a request that begins to generate, which is among the slow ones from then on; ``answered(_:)`` ends it.
    package func began(_ requestID: String, _ progress: @escaping Progress) {
        state.withLock { $0.running[requestID] = progress }
    }

    /// Counts a request once it is answered, and what it took is known.
    package func answered(_ answer: Answer) {
        let now = clock()
        let end = End(answer.failure?.status ?? answer.status)
        let error = answer.failure.flatMap { failure in
            end.isError
                ? RecentErrors.Entry(
                    failure, route: answer.route, requestID: answer.requestID, time: Self.milliseconds()) : nil
        }
        state.withLock { state in
            state.running[answer.requestID] = nil
            state.minutes.update(at: now) { minute in
                minute.requests += 1
                if end == .refused { minute.refusals += 1 }
                if end == .failed { minute.errors += 1 }
                if let generation = answer.generation { minute.slow.add(generation) }
            }
            if let error { state.errors.add(error) }
        }
    }

    /// How a request ended, by its status.
    private enum End {
        case answered
        /// The server said no, for the client's reason or for want of room.
        case refused
        case failed
        case clientLeft

        init(_ status: Int) {
            switch status {
            case APIError.clientClosed.status: self = .clientLeft
            case 400..<500, 503: self = .refused
            case 500...: self = .failed
            default: self = .answered
            }
        }

        var isError: Bool { self == .refused || self == .failed }
    }

    /// Milliseconds since 1970, for people; nothing is measured by it.
    static func milliseconds() -> Int { Int(Date().timeIntervalSince1970 * 1_000) }

    package func report() -> ActivityReport {
        let now = clock()
        let (models, errors, running, hour, elapsed) = state.withLock { state in
            var hour: [(Int, Minute)] = []
            state.minutes.read(at: now) { hour.append(($0, $1)) }
            return (
                state.models, state.errors.entries, Array(state.running.values), hour, state.minutes.elapsed(at: now)
            )
        }
        var minutes = [ActivityReport.Minute](repeating: .init(), count: Self.minutes)
        var slow = SlowRequests()
        for progress in running { slow.add(progress()) }
        for (ago, minute) in hour {
            let index = Self.minutes - 1 - ago
            (minutes[index].requests, minutes[index].refusals) = (minute.requests, minute.refusals)
            minutes[index].errors = minute.errors
            for entry in minute.slow.entries { slow.add(entry) }
        }
        var sums = (0..<Self.minutes).map { _ in ModelActivity.Minute() }
        let present = models.map { $0.activity.report(of: $0.id, at: now, addingTo: &sums) }
        for (index, sum) in sums.enumerated() { minutes[index].take(sum) }
        return ActivityReport(
            uptime: now, minuteElapsed: elapsed, minutes: minutes, models: present, slow: slow.entries, errors: errors)
    }
}
