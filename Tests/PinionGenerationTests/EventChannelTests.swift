import Dispatch
import PinionGeneration
import Testing

@Suite("Event channel", .timeLimit(.minutes(1)))
struct EventChannelTests {
    private static func text(_ choice: Int, _ text: String) -> GenerationEvent { .text(choice: choice, text, []) }

    private static func all(_ channel: EventChannel) async throws -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        while let event = try await channel.next() { events.append(event) }
        return events
    }

    @Test("Unread text of one choice is joined past other choices, never past its end")
    func joined() async throws {
        let channel = EventChannel()
        for event in [
            Self.text(0, "a"), Self.text(0, ""), Self.text(0, "b"), Self.text(1, "c"), Self.text(0, "d"),
            .finished(choice: 0, .length), Self.text(1, "e"), Self.text(1, "f"), .finished(choice: 1, .stop),
            .usage(promptTokens: 1, completionTokens: 2, cachedTokens: 0),
        ] { channel.send(event) }
        channel.close()
        #expect(
            try await Self.all(channel) == [
                Self.text(0, "abd"), Self.text(1, "cef"), .finished(choice: 0, .length), .finished(choice: 1, .stop),
                .usage(promptTokens: 1, completionTokens: 2, cachedTokens: 0),
            ])
        #expect(try await channel.next() == nil)
    }

    @Test("A failure comes after the events before it, and stays")
    func failure() async throws {
        let channel = EventChannel()
        channel.send(Self.text(0, "some"))
        channel.close(GenerationError(.interrupted, "gone"))
        channel.close()
        channel.send(Self.text(0, "late"))
        #expect(try await channel.next() == Self.text(0, "some"))
        for _ in 0..<2 {
            let error = await #expect(throws: GenerationError.self) { try await channel.next() }
            #expect(error?.code == .interrupted)
        }
    }

    @Test("A reader that leaves too much unread is given up, and costs no memory any more")
    func overflow() async throws {
        let channel = EventChannel()
        let piece = String(repeating: "x", count: 1 << 16)
        var sent = 0
        while channel.send(Self.text(0, piece)) { sent += piece.utf8.count }
        #expect(sent <= EventChannel.capacity && sent > EventChannel.capacity - 2 * piece.utf8.count)
        #expect(!channel.send(.finished(choice: 0, .stop)))
        let error = await #expect(throws: GenerationError.self) { try await channel.next() }
        #expect(error?.code == .unread)
        // Whoever reads may have any amount.
        let read = EventChannel()
        for _ in 0..<200 {
            #expect(read.send(Self.text(0, piece)))
            #expect(try await read.next() == Self.text(0, piece))
        }
    }

    @Test("A waiting reader is woken by an event, by the end and by a failure")
    func waking() async throws {
        let channel = EventChannel()
        let reader = Task { try await Self.all(channel) }
        for text in ["x", "y", "z"] {
            try await Task.sleep(for: .milliseconds(5))
            channel.send(Self.text(0, text))
        }
        try await Task.sleep(for: .milliseconds(5))
        channel.close()
        let events = try await reader.value
        #expect(events.map { if case .text(_, let text, _) = $0 { text } else { "" } }.joined() == "xyz")

        let failing = EventChannel()
        let other = Task { try await failing.next() }
        try await Task.sleep(for: .milliseconds(5))
        failing.close(GenerationError(.interrupted, "gone"))
        await #expect(throws: GenerationError.self) { try await other.value }
    }

    @Test("Cancelling the reader's task ends its wait, before, while and after it waits")
    func cancellation() async throws {
        for delay in 0..<20 {
            let channel = EventChannel()
            let reader = Task { try await channel.next() }
            if delay > 0 { try await Task.sleep(for: .microseconds(delay * 50)) }
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            // The channel is none the worse for it.
            channel.send(Self.text(0, "still here"))
            #expect(try await channel.next() == Self.text(0, "still here"))
        }
    }

    @Test("Nothing is lost or reordered between a fast writer and a reader")
    func concurrency() async throws {
        let channel = EventChannel()
        let count = 20_000
        DispatchQueue(label: "writer").async {
            for index in 0..<count { channel.send(Self.text(index % 97 == 0 ? 1 : 0, "\(index),")) }
            channel.close()
        }
        var texts = ["", ""]
        while let event = try await channel.next() {
            if case .text(let choice, let text, _) = event { texts[choice] += text }
        }
        func expected(_ isOther: Bool) -> String {
            (0..<count).filter { ($0 % 97 == 0) == isOther }.map { "\($0)," }.joined()
        }
        #expect(texts == [expected(false), expected(true)])
    }
}
