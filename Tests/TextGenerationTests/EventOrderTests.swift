import Testing
import TextGeneration

@Suite("The order of events")
struct EventOrderTests {
    private static func call(_ choice: Int, _ index: Int, begins: Bool) -> GenerationEvent {
        let start = begins ? ToolCallDelta.Start(id: "i", name: "n") : nil
        return .toolCall(choice: choice, ToolCallDelta(index: index, start: start, arguments: "a"))
    }

    private static func error(_ events: [GenerationEvent], choices: Int = 2) -> GenerationError? {
        var order = EventOrder(choices: choices)
        do {
            for event in events { try order.advance(event) }
            return nil
        } catch { return error }
    }

    @Test("Calls begin one after the other, each choice's from 0, and their arguments may interleave")
    func calls() {
        #expect(
            Self.error([
                Self.call(1, 0, begins: true), Self.call(0, 0, begins: true), Self.call(1, 1, begins: true),
                Self.call(1, 0, begins: false), Self.call(0, 0, begins: false), Self.call(1, 1, begins: false),
            ]) == nil)
    }

    private static let strays: [[GenerationEvent]] = [
        [call(0, 1, begins: true)], [call(0, -1, begins: true)],
        [call(0, 0, begins: true), call(0, 0, begins: true)], [call(0, 0, begins: true), call(0, 2, begins: true)],
        [call(0, 0, begins: false)], [call(0, 0, begins: true), call(1, 0, begins: false)],
        [call(0, 0, begins: true), call(0, 1, begins: false)], [call(0, Int.max, begins: false)],
    ]

    @Test("A call that skips one, begins twice or has not begun is out of order", arguments: strays)
    func strayCalls(_ events: [GenerationEvent]) {
        #expect(Self.error(events)?.code == .internal)
    }

    @Test("Nothing of a choice comes after its end")
    func ended() {
        let end = GenerationEvent.finished(choice: 0, .toolCalls)
        #expect(Self.error([Self.call(0, 0, begins: true), end]) == nil)
        #expect(Self.error([Self.call(0, 0, begins: true), end, Self.call(0, 0, begins: false)])?.code == .internal)
        #expect(Self.error([end, .reasoning(choice: 0, "r", [])])?.code == .internal)
        #expect(Self.error([.reasoning(choice: 2, "r", [])])?.code == .internal)
    }
}
