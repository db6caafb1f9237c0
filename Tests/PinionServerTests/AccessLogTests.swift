import Foundation
import HTTPTypes
import Logging
import OpenAIAPI
import PinionServer
import Synchronization
import Testing
import TextGeneration

@Suite("Access log", .timeLimit(.minutes(1)))
struct AccessLogTests {
    /// Keeps the lines for people.
    private final class Lines: Sendable {
        private let kept = Mutex<[String]>([])

        var all: [String] { kept.withLock { $0 } }

        /// The lines with every number of a time or rate replaced.
        var normalized: [String] {
            all.map { $0.replacing(/[0-9]+ ms/, with: "T ms").replacing(/[0-9]+ tokens\/s/, with: "R tokens/s") }
        }

        func add(_ line: String) { kept.withLock { $0.append(line) } }
    }

    private static let steps: [ScriptedGenerator.Step] = [
        .event(.accepted(promptTokens: 36)), .event(.text(choice: 0, "a", [])),
        .event(.text(choice: 1, "b", [])), .pause(.milliseconds(20)), .event(.finished(choice: 1, .stop)),
        .event(.finished(choice: 0, .length)),
        .event(.usage(Usage(promptTokens: 36, cachedTokens: 16, completionTokens: 8))),
    ]

    private static func fixture(_ steps: [ScriptedGenerator.Step]) -> (ServerFixture, Lines) {
        let lines = Lines()
        let fixture = ServerFixture(ScriptedGenerator(steps)) { configuration in
            configuration.accessLine = { lines.add($0) }
        }
        return (fixture, lines)
    }

    @Test(
        "A line for people tells route, status, model, tokens, first token, rate and outcome", arguments: [false, true])
    func completion(stream: Bool) async throws {
        let (fixture, lines) = Self.fixture(Self.steps)
        _ = try await fixture.chat(ServerFixture.chatBody(#", "n": 2, "stream": \#(stream)"#))
        #expect(
            lines.normalized == [
                "200 POST /v1/chat/completions  acme/tiny/1  36 in, 16 cached, 8 out  first token T ms  R tokens/s  "
                    + "stop, length"
            ])
        // Six tokens after the first of each choice, in at least 20 ms.
        let rate = try #require(lines.all.first?.firstMatch(of: /([0-9]+) tokens\/s/)?.1)
        #expect(Int(rate).map { (1...300).contains($0) } == true)
        #expect(!fixture.recorder.lines.contains { $0.level == .info && $0.text.contains("status=") })
    }

    @Test("A reply of one token has no rate, and a request without a completion has its time")
    func short() async throws {
        let (fixture, lines) = Self.fixture([
            .event(.accepted(promptTokens: 4)), .event(.text(choice: 0, "a", [])),
            .event(.finished(choice: 0, .length)), .event(.usage(Usage(promptTokens: 4, completionTokens: 1))),
        ])
        _ = try await fixture.chat()
        _ = try await fixture.reply(.get, "/v1/models/acme/tiny/1")
        #expect(
            lines.normalized == [
                "200 POST /v1/chat/completions  acme/tiny/1  4 in, 0 cached, 1 out  first token T ms  length",
                "200 GET /v1/models/**  T ms",
            ])
    }

    @Test("A refused request, a failed one and a stream that breaks end with an error")
    func errors() async throws {
        let (fixture, lines) = Self.fixture([
            .event(.accepted(promptTokens: 4)), .failure(GenerationError(.interrupted, "broken")),
        ])
        _ = try await fixture.chat("{}")
        _ = try await fixture.chat()
        _ = try await fixture.chat(ServerFixture.chatBody(#", "stream": true"#))
        _ = try await fixture.reply(.get, "/no\u{1B}where/" + String(repeating: "a", count: 200))
        #expect(
            lines.normalized == [
                "400 POST /v1/chat/completions  T ms  error",
                "500 POST /v1/chat/completions  acme/tiny/1  4 in, 0 cached, 0 out  error",
                "200 POST /v1/chat/completions  acme/tiny/1  4 in, 0 cached, 0 out  error",
                "404 GET /no?where/" + String(repeating: "a", count: 80 - "/no?where/".count) + "  T ms  error",
            ])
    }

    @Test("A client that leaves is told of as such, with the tokens that it took until then")
    func disconnect() async throws {
        let (fixture, lines) = Self.fixture([.event(.accepted(promptTokens: 4)), .hang])
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody())
                _ = try await fixture.scripted[0].waits { $0.played == 2 }
            }
            let deadline = ContinuousClock.now + .seconds(20)
            while lines.all.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        }
        #expect(lines.all == ["499 POST /v1/chat/completions  acme/tiny/1  4 in, 0 cached, 0 out  client left"])
    }

    @Test("A stream of which not even the head can be written is told of all the same")
    func unwritten() async throws {
        let (fixture, lines) = Self.fixture([.event(.accepted(promptTokens: 4)), .hang])
        try await fixture.dropReply("/v1/chat/completions", body: ServerFixture.chatBody(#", "stream": true"#))
        let deadline = ContinuousClock.now + .seconds(20)
        while lines.all.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        #expect(lines.all == ["499 POST /v1/chat/completions  acme/tiny/1  4 in, 0 cached, 0 out  client left"])
    }

    @Test("A log line holds the model, the tokens and the outcome as data")
    func structured() async throws {
        let fixture = ServerFixture(ScriptedGenerator(Self.steps))
        _ = try await fixture.chat(ServerFixture.chatBody(#", "n": 2"#))
        let line = try #require(fixture.recorder.lines.first { $0.level == .info && $0.text.contains("status=") }).text
        for part in [
            "status=200", "model=acme/tiny/1", "prompt-tokens=36", "cached-tokens=16", "completion-tokens=8",
            "first-token-ms=", "tokens-per-second=", "outcome=stop, length", "tenant=tenant-7",
        ] {
            #expect(line.contains(part), "\(part) in \(line)")
        }
    }
}
