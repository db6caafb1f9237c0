import NIOCore
import OpenAIAPI
import PinionWire
import PinionServer
import Testing

/// The decisions of a connection, in memory: instants are values and time passes by adding to them.
@Suite("Decisions of a connection")
struct ConnectionStateTests {
    private typealias State = ConnectionState
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private static let get = State.Input.head(closes: false, expectsContinue: false)

    private static let limits: ServerConfiguration.Limits = {
        var limits = ServerConfiguration.Limits()
        limits.headerTime = .seconds(10)
        limits.bodyTime = .seconds(30)
        limits.requestGrace = .seconds(2)
        limits.writeStall = .seconds(30)
        limits.lingerTime = .seconds(1)
        limits.lingerSize = 1000
        return limits
    }()

    private static func at(_ seconds: Double) -> NIODeadline {
        start + .nanoseconds(Int64(seconds * 1e9))
    }

    /// A connection that was just opened.
    private func opened() -> State {
        var state = State(Self.limits)
        #expect(state.opened(at: Self.at(0)) == [.enter])
        return state
    }

    /// A connection on which one whole request was read.
    private func asked(closes: Bool = false) -> State {
        var state = opened()
        #expect(state.received(.head(closes: closes, expectsContinue: false), at: Self.at(1)) == [.pass])
        #expect(state.received(.end, at: Self.at(1)) == [.pass])
        return state
    }

    /// Everything that is due at a time, in order.
    private func due(_ state: inout State, _ seconds: Double, unread: Int = 0) -> [State.Action] {
        var actions: [State.Action] = []
        while let action = state.due(at: Self.at(seconds), unread: unread) { actions.append(action) }
        return actions
    }

    @Test("A silent client may be closed for others after its grace, and is closed after the time of a head")
    func silence() {
        var state = opened()
        #expect(state.nextDue == Self.at(2))
        #expect(due(&state, 1.9).isEmpty)
        #expect(state.placeClaimed().isEmpty)
        #expect(due(&state, 2) == [.offerPlace])
        #expect(state.placeClaimed() == [.close])
        #expect(state.nextDue == Self.at(10))
        #expect(due(&state, 9.9).isEmpty)
        #expect(due(&state, 10) == [.close])
    }

    @Test("A request that becomes whole after its grace takes its place back")
    func lateRequest() {
        var state = opened()
        #expect(state.received(Self.get, at: Self.at(1)) == [.pass])
        #expect(due(&state, 2) == [.offerPlace])
        #expect(state.received(.body(bytes: 5), at: Self.at(3)) == [.pass])
        #expect(state.received(.end, at: Self.at(3)) == [.keepPlace, .pass])
        #expect(state.placeClaimed().isEmpty)
        #expect(state.nextDue == nil, "a reply may take as long as it likes")
    }

    @Test("A body has its time from its head on, and its reader is told; after an early reply the connection is closed")
    func slowBody() {
        var state = opened()
        _ = state.received(Self.get, at: Self.at(5))
        for second in 6..<34 { #expect(state.received(.body(bytes: 1), at: Self.at(Double(second))) == [.pass]) }
        #expect(due(&state, 34.9) == [.offerPlace])
        #expect(due(&state, 35) == [.failBody])

        var early = opened()
        _ = early.received(Self.get, at: Self.at(0))
        #expect(early.replyEnded() == false)
        #expect(early.replyLeft(isLast: false, isOpen: true, at: Self.at(0)).isEmpty)
        #expect(due(&early, 29) == [.offerPlace])
        #expect(due(&early, 30) == [.close])
    }

    @Test("The time of the next head begins when the reply has left, not when it was written")
    func nextRequest() {
        var state = asked()
        state.replyBegan(closes: false)
        #expect(state.replyEnded() == false)
        #expect(due(&state, 100).isEmpty)
        #expect(state.replyLeft(isLast: false, isOpen: true, at: Self.at(100)).isEmpty)
        #expect(due(&state, 109) == [.offerPlace])
        #expect(due(&state, 110) == [.close])
    }

    @Test("A client that expects to be told to continue is told, unless an earlier request is being answered")
    func expectContinue() {
        var state = opened()
        let expecting = State.Input.head(closes: false, expectsContinue: true)
        #expect(state.received(expecting, at: Self.at(0)) == [.sendContinue, .pass])
        _ = state.received(.end, at: Self.at(0))
        #expect(state.received(expecting, at: Self.at(0)) == [.pass])
    }

    @Test("Requests that follow each other without waiting are answered, and the last reply ends the waiting")
    func pipelined() {
        var state = asked()
        #expect(state.received(Self.get, at: Self.at(1)) == [.pass])
        #expect(state.received(.end, at: Self.at(1)) == [.pass])
        #expect(state.replyEnded() == false)
        #expect(state.replyLeft(isLast: false, isOpen: true, at: Self.at(2)).isEmpty)
        #expect(state.nextDue == nil, "one is unanswered still")
        #expect(state.replyEnded() == false)
        #expect(state.replyLeft(isLast: false, isOpen: true, at: Self.at(3)).isEmpty)
        #expect(state.nextDue == Self.at(5))
    }

    @Test("After the last reply our side closes, some of what the client sends is dropped, and then no more is read")
    func lingering() {
        for asksToClose in [true, false] {
            var state = opened()
            _ = state.received(.head(closes: asksToClose, expectsContinue: false), at: Self.at(0))
            state.replyBegan(closes: !asksToClose)
            #expect(state.replyEnded() == true)
            #expect(state.isDraining && state.reads)
            #expect(state.replyLeft(isLast: true, isOpen: true, at: Self.at(5)) == [.closeOutput])
            #expect(state.received(.body(bytes: 999), at: Self.at(5)).isEmpty)
            #expect(state.reads)
            #expect(state.received(.body(bytes: 1), at: Self.at(5)).isEmpty)
            #expect(!state.reads)
            #expect(due(&state, 5.9) == [.offerPlace])
            #expect(due(&state, 6) == [.close])
        }
    }

    @Test("A client that closes its side after the last reply ends the lingering")
    func inputClosed() {
        var state = asked()
        #expect(state.inputClosed() == [.announceDeparture])
        var last = asked(closes: true)
        _ = last.replyEnded()
        #expect(last.inputClosed() == [.announceDeparture, .close])
        #expect(last.ended() == [.leave])
        #expect(last.ended() == [.announceDeparture])
        #expect(last.nextDue == nil)
    }

    @Test(
        "What is not HTTP is refused, told to the reader of a body, or ends the connection after the reply in progress")
    func notHTTP() {
        for (failure, status) in [(State.Failure.notHTTP, 400), (.headerTooLarge, 431)] {
            var state = opened()
            guard case .refuse(let error)? = state.failed(failure).first else {
                Issue.record("not refused")
                continue
            }
            #expect(error.status == status)
            #expect(state.replyEnded() == true)
            #expect(state.failed(.bytesAfterFailure(bytes: 1000)).isEmpty)
            #expect(!state.reads)
        }
        var reading = opened()
        _ = reading.received(Self.get, at: Self.at(0))
        #expect(reading.failed(.notHTTP) == [.pass])
        var answering = asked()
        #expect(answering.failed(.notHTTP).isEmpty)
        #expect(answering.isDraining)
        #expect(answering.replyEnded() == true)
        var broken = opened()
        #expect(broken.failed(.broken) == [.pass])
    }

    @Test("A client that reads nothing for the whole time is cut off, one that reads a little is not")
    func stall() {
        var state = asked()
        state.writabilityChanged(to: false)
        state.readerWatched(unread: 1000, at: Self.at(10))
        for second in 11..<40 { #expect(due(&state, Double(second), unread: 1000).isEmpty) }
        #expect(due(&state, 40, unread: 1000) == [.abort])

        var slow = asked()
        slow.writabilityChanged(to: false)
        slow.readerWatched(unread: 1000, at: Self.at(10))
        for second in 11..<400 { #expect(due(&slow, Double(second), unread: 1000 - second / 20).isEmpty) }
        slow.writabilityChanged(to: true)
        #expect(slow.nextDue == nil)
    }

    @Test("The end of a reply that does not leave is measured too, although the channel is writable")
    func stalledEnd() {
        var state = asked()
        _ = state.replyEnded()
        #expect(state.awaitsReader)
        state.readerWatched(unread: 10, at: Self.at(1))
        state.writabilityChanged(to: true)
        #expect(due(&state, 31, unread: 10) == [.abort])
    }
}
