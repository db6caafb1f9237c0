import PinionStore
import Synchronization
import Testing

@Suite("One-time code")
struct OneTimeCodeTests {
    private final class Clock: Sendable {
        private let time = Mutex(Duration.zero)

        var now: Duration {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    private struct Failure: Error {}

    private let clock = Clock()
    private let code: OneTimeCode

    init() {
        let clock = clock
        code = OneTimeCode { clock.now }
    }

    @Test("A code is good once")
    func once() throws {
        let text = code.make(lasting: .seconds(600))
        #expect(text.utf8.count == 22)
        #expect(try code.redeem(text) { 7 } == 7)
        #expect(try code.redeem(text) { 7 } == nil)
    }

    @Test("A wrong code does nothing, and leaves the good one good")
    func wrong() throws {
        #expect(try code.redeem("") { 7 } == nil, "before there is a code")
        let text = code.make(lasting: .seconds(600))
        for wrong in ["", "x", text + "x", String(text.dropLast()), String(repeating: "a", count: 100_000)] {
            #expect(try code.redeem(wrong) { 7 } == nil)
        }
        #expect(try code.redeem(text) { 7 } == 7)
    }

    @Test("A code is good until its time is over, and not a moment longer")
    func expiry() throws {
        let text = code.make(lasting: .seconds(600))
        clock.now = .seconds(600)
        #expect(try code.redeem(text) { 7 } == nil)
        clock.now = .milliseconds(599_999)
        #expect(try code.redeem(text) { 7 } == 7)
    }

    @Test("A later code takes the place of the one before")
    func later() throws {
        let first = code.make(lasting: .seconds(600))
        let second = code.make(lasting: .seconds(600))
        #expect(first != second)
        #expect(try code.redeem(first) { 7 } == nil)
        #expect(try code.redeem(second) { 7 } == 7)
    }

    @Test("An action that fails leaves the code good")
    func failure() throws {
        let text = code.make(lasting: .seconds(600))
        #expect(throws: Failure.self) { try code.redeem(text) { () throws -> Int in throw Failure() } }
        #expect(try code.redeem(text) { 7 } == 7)
    }

    @Test("Of many who use a code at once, one has what it is good for")
    func race() async throws {
        let text = code.make(lasting: .seconds(600))
        let results = try await withThrowingTaskGroup(of: Int?.self) { [code] group in
            for number in 0..<64 { group.addTask { try code.redeem(text) { number } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 64 && results.compactMap { $0 }.count == 1)
    }
}
