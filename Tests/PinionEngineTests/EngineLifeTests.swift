import PinionEngine
import Testing

@Suite("Engine life")
struct EngineLifeTests {
    private static func states(_ events: EngineLife.Event...) -> [EngineLife.State] {
        var life = EngineLife()
        return events.map { life.handle($0) }
    }

    @Test("An engine is loaded, fails, is rebuilt at the second attempt, and ends when it is told to")
    func wholeLife() {
        #expect(EngineLife().state == .loading)
        #expect(
            Self.states(.loaded, .failed, .failed, .loaded, .stopRequested, .ended)
                == [.ready, .failed, .failed, .ready, .stopping, .ended])
    }

    @Test("An engine that cannot be loaded the first time has ended")
    func refusedModel() {
        #expect(Self.states(.ended) == [.ended])
    }

    @Test("After it was told to stop nothing makes an engine take requests again", arguments: EngineLife.State.allCases)
    func stopWins(_ state: EngineLife.State) throws {
        let stopped = try #require(EngineLife.state(after: .stopRequested, in: state))
        var reached: Set<EngineLife.State> = [stopped]
        for _ in EngineLife.State.allCases {
            for state in reached {
                reached.formUnion(EngineLife.Event.allCases.compactMap { EngineLife.state(after: $0, in: state) })
            }
        }
        #expect(reached.isSubset(of: [.stopping, .ended]))
    }

    @Test("Every living state can be stopped, and from every state the end is reached")
    func endIsReached() {
        for state in EngineLife.State.allCases {
            let stopped = EngineLife.state(after: .stopRequested, in: state)
            #expect(stopped == .ended || stopped.flatMap { EngineLife.state(after: .ended, in: $0) } == .ended)
        }
    }

    @Test("Events that would tell of a second engine, or of one that is gone, have no state after them")
    func impossible() {
        for (event, state) in [
            (.loaded, .ready), (.failed, .loading), (.ended, .ready), (.ended, .failed), (.loaded, .ended),
            (.failed, .ended), (.ended, .ended),
        ] as [(EngineLife.Event, EngineLife.State)] {
            #expect(EngineLife.state(after: event, in: state) == nil, "\(event) in \(state)")
        }
    }
}
