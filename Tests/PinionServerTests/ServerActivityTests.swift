import PinionServer
import PinionWire
import Synchronization
import TestSupport
import Testing
import TextGeneration

/// A clock that stands still until it is moved.
final class StillClock: Sendable {
    private let time = Mutex(Duration.zero)

    var now: Duration {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }

    /// The clock as others take it.
    var reading: @Sendable () -> Duration { { self.now } }
}

@Suite("Activity of the server", .timeLimit(.minutes(1)))
struct ServerActivityTests {
    private let clock = StillClock()
    private let activity: ServerActivity

    init() {
        activity = ServerActivity(clock: clock.reading)
    }

    private static func slow(_ id: String, _ seconds: Int) -> SlowRequests.Entry {
        SlowRequests.Entry(
            requestID: id, key: "key_a", model: "acme/tiny/1", route: "/v1/chat/completions", queued: nil,
            firstToken: nil, total: .seconds(seconds), promptTokens: 1, generatedTokens: 2, outcome: "stop", time: 0)
    }

    private func answer(_ status: Int, failure: APIError? = nil, _ slow: SlowRequests.Entry? = nil) {
        activity.answered(
            .init(
                route: "/v1/chat/completions", status: status, failure: failure, requestID: "req_1", generation: slow))
    }

    @Test("Requests are counted in their minute, and by how they ended")
    func requests() {
        answer(200)
        answer(200, failure: .internalError)
        clock.now = .seconds(60)
        for status in [429, 503, 401, 499, 500] { answer(status) }
        let minutes = activity.report().minutes
        #expect(minutes.count == 60)
        #expect(minutes[58].requests == 2 && minutes[58].refusals == 0 && minutes[58].errors == 1)
        #expect(minutes[59].requests == 5 && minutes[59].refusals == 3 && minutes[59].errors == 1)
        #expect(minutes[..<58].allSatisfy { $0 == .init() })
    }

    @Test("Minutes of several models are told together, and each model apart")
    func models() throws {
        let (first, second) = (activity.model("a/1"), activity.model("b/1"))
        #expect(activity.model("a/1") === first)
        for model in [first, second] {
            model.occupied(.init(running: 3, waiting: 1, usedTokens: 5, keptTokens: 2, freeTokens: 9))
            model.occupied(.init(running: 2, waiting: 0, usedTokens: 4, keptTokens: 3, freeTokens: 9))
            model.began(after: .milliseconds(40))
            model.continued(after: .milliseconds(10))
        }
        first.generated(7)
        first.ended(Usage(promptTokens: 100, cachedTokens: 60, completionTokens: 7))
        second.ended(Usage(promptTokens: 20, completionTokens: 1))
        first.loaded(.init(weights: 1, cache: 2, other: 3))
        let report = activity.report()
        let minute = report.minutes[59]
        #expect((minute.mostRunning, minute.mostWaiting) == (6, 2))
        #expect((minute.promptTokens, minute.cachedTokens, minute.generatedTokens) == (120, 60, 7))
        let (first50, first95) = (try #require(minute.firstTokenP50), try #require(minute.firstTokenP95))
        #expect(first50 > 38 && first95 < 46)
        let (gap50, gap95) = (try #require(minute.gapP50), try #require(minute.gapP95))
        #expect(gap50 > 9 && gap95 < 12)
        #expect(report.models.map(\.id) == ["a/1", "b/1"])
        let told = report.models[0]
        #expect(told.occupancy == .init(running: 2, waiting: 0, usedTokens: 4, keptTokens: 3, freeTokens: 9))
        #expect(told.memory == .init(weights: 1, cache: 2, other: 3) && report.models[1].memory == nil)
        #expect((told.promptTokens, told.cachedTokens, told.generatedTokens) == (100, 60, 7))
    }

    @Test("The present rate is that of the last ten whole seconds, and falls to none in silence")
    func rate() {
        let model = activity.model("a/1")
        for second in 0..<30 {
            clock.now = .seconds(second)
            model.generated(20)
        }
        func rate() -> Double? { activity.report().models.first?.tokensPerSecond }
        #expect(rate() == 20)
        clock.now = .seconds(35)
        #expect(rate() == 10)
        clock.now = .seconds(41)
        #expect(rate() == 0)
    }

    @Test("An hour later nothing is told of a minute, and sums and lists have lost it, too")
    func rollover() {
        let model = activity.model("a/1")
        answer(200, Self.slow("req_old", 90))
        model.generated(5)
        model.began(after: .seconds(1))
        clock.now = .seconds(59 * 60 + 59)
        answer(200, Self.slow("req_new", 1))
        #expect(activity.report().slow.map(\.requestID) == ["req_old", "req_new"])
        clock.now = .seconds(60 * 60)
        let report = activity.report()
        #expect(report.slow.map(\.requestID) == ["req_new"])
        #expect(report.minutes.map(\.requests).reduce(0, +) == 1)
        #expect(report.minutes.allSatisfy { $0.firstTokenP50 == nil && $0.generatedTokens == 0 })
        #expect(report.models[0].generatedTokens == 0)
        #expect(report.uptime == .seconds(3_600) && report.minuteElapsed == .zero)
    }

    @Test("The slowest requests of the hour are told, the slowest first, wherever in the hour they were")
    func slowest() {
        func seconds(_ minute: Int, _ place: Int) -> Int { (minute * 37 + place * 11) % 301 }
        for minute in 0..<60 {
            clock.now = .seconds(minute * 60)
            for place in 0..<30 { answer(200, Self.slow("req", seconds(minute, place))) }
        }
        let all = (0..<60).flatMap { minute in (0..<30).map { seconds(minute, $0) } }
        let told = activity.report().slow.map { Int($0.total.components.seconds) }
        #expect(told == Array(all.sorted(by: >).prefix(SlowRequests.maximumCount)))
    }

    @Test("Running requests stand among the slow ones by the time they have taken, until they are answered")
    func running() {
        answer(200, Self.slow("req_ended", 30))
        activity.began("req_1") { [clock] in Self.slow("req_1", Int(clock.now.components.seconds)) }
        func told() -> [String] { activity.report().slow.map(\.requestID) }
        clock.now = .seconds(20)
        #expect(told() == ["req_ended", "req_1"])
        clock.now = .seconds(40)
        #expect(told() == ["req_1", "req_ended"])
        answer(200, Self.slow("req_1", 41))
        clock.now = .seconds(59)
        #expect(activity.report().slow.map(\.total) == [.seconds(41), .seconds(30)])
    }

    @Test("Errors that are alike are one with a count, and the list keeps the latest kinds")
    func errors() {
        for _ in 0..<100 { answer(401, failure: .invalidKey) }
        answer(500, failure: .internalError)
        answer(401, failure: .invalidKey)
        answer(200)
        let told = activity.report().errors
        #expect(told.map(\.status) == [500, 401])
        #expect(told.map(\.count) == [1, 101])
        for field in 0..<200 { answer(400, failure: .missingParameter("field\(field)")) }
        let latest = activity.report().errors
        #expect(latest.count == RecentErrors.maximumCount)
        #expect(latest.last?.field == "field199" && latest.first?.field == "field150")
    }

    @Test("An error holds nothing that a client wrote, and its message is bounded")
    func secrecy() {
        let secret = "my secret prompt"
        answer(400, failure: .invalidValue("messages", "the template says: \(secret)"))
        answer(400, failure: .unknownParameter(secret))
        answer(404, failure: .modelNotFound(secret, served: []))
        answer(400, failure: .unsupportedValue("stop", got: secret, "No."))
        let words = String(repeating: "é", count: 500)
        answer(503, failure: APIError(status: 503, message: words, type: "server_error"))
        let told = activity.report().errors
        #expect(told.count == 5)
        #expect(!"\(told)".contains("secret"))
        #expect(told[0].field == "messages" && told[0].code == "invalid_value")
        #expect((told[4].message?.utf8.count ?? .max) <= RecentErrors.maximumMessage + 6)
    }

    @Test("Threads that tell at once lose nothing, also while minutes begin and others read")
    func concurrency() async {
        let model = activity.model("a/1")
        let (threads, rounds) = (8, 2_000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<threads {
                group.addTask { [activity] in
                    for _ in 0..<rounds {
                        activity.answered(.init(route: "/v1/models", status: 200, requestID: "req_1"))
                        model.generated(1)
                        model.continued(after: .milliseconds(1))
                    }
                }
            }
            group.addTask { [clock] in
                for tenth in 0..<6_000 { clock.now = .milliseconds(tenth * 100) }
            }
            group.addTask { [activity] in
                for _ in 0..<50 { _ = activity.report() }
            }
        }
        let minutes = activity.report().minutes
        #expect(minutes.map(\.requests).reduce(0, +) == threads * rounds)
        #expect(minutes.map(\.generatedTokens).reduce(0, +) == threads * rounds)
    }

    @Test("Telling costs others next to nothing, and a report at most some milliseconds")
    func cost() {
        let live = ServerActivity()
        let model = live.model("a/1")
        let rounds = 100_000
        func nanoseconds(_ action: () -> Void) -> Int {
            Int(processorTime { for _ in 0..<rounds { action() } } / .nanoseconds(rounds))
        }
        let entry = Self.slow("req_1", 1)
        let gap = nanoseconds { model.continued(after: .milliseconds(12)) }
        let step = nanoseconds {
            model.generated(4)
            model.occupied(.init(running: 4, waiting: 0, usedTokens: 9, keptTokens: 9, freeTokens: 9))
        }
        let answered = nanoseconds {
            live.answered(.init(route: "/v1/chat/completions", status: 200, requestID: "req_1", generation: entry))
        }
        let refused = nanoseconds {
            live.answered(
                .init(route: "/v1/chat/completions", status: 401, failure: .invalidKey, requestID: "req_1"))
        }
        let report = Int(processorTime { for _ in 0..<100 { _ = live.report() } } / .nanoseconds(100))
        print("activity, in ns: gap \(gap), step \(step), answer \(answered), refusal \(refused), report \(report)")
        // Ten times of what is expected: the machine is shared.
        #expect(gap < 5_000 && step < 10_000 && answered < 20_000 && refused < 50_000 && report < 20_000_000)
    }
}
