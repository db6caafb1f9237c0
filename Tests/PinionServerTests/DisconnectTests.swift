import Foundation
import NIOCore
import PinionServer
import Testing
import TextGeneration

@Suite("Disconnects", .timeLimit(.minutes(1)))
struct DisconnectTests {
    /// Longest time between a client's departure and the end of the generation.
    private static let noticeTime: Duration = .seconds(3)

    private static let accepted = ScriptedGenerator.Step.event(.accepted(promptTokens: 1))
    private static let piece = ScriptedGenerator.Step.event(.text(choice: 0, "Hello", []))

    /// Sends a request, waits until the script hangs, leaves, and expects the generation to end.
    private func expectCancellation(
        _ steps: [ScriptedGenerator.Step], stream: Bool, awaiting text: String? = nil
    ) async throws {
        let generator = ScriptedGenerator(steps + [.hang])
        let fixture = ServerFixture(generator)
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody(",\"stream\":\(stream)"))
                if let text { #expect(try await connection.receives(text)) }
                #expect(try await generator.waits { $0.played == steps.count + 1 })
                #expect(generator.observed.ended == 0)
            }
            #expect(try await generator.waits(upTo: Self.noticeTime) { $0.ended == 1 })
        }
        // A departure is no failure of ours; stopping the server at once makes Hummingbird log errors of its own.
        for _ in 0..<2_000 where Self.departures(in: fixture) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!fixture.recorder.lines.contains { $0.text.contains("request failed") })
        #expect(Self.departures(in: fixture) == 1)
    }

    @Test("A client that leaves while a plain reply is made ends the generation")
    func plain() async throws {
        try await expectCancellation([Self.accepted, Self.piece], stream: false)
    }

    @Test("A client that leaves while its request waits ends the generation")
    func queued() async throws {
        try await expectCancellation([], stream: true)
    }

    @Test("A client that leaves while its prompt is computed ends the generation")
    func beforeFirstToken() async throws {
        try await expectCancellation([Self.accepted], stream: true, awaiting: "assistant")
    }

    @Test("A client that leaves in the middle of a stream ends the generation")
    func midStream() async throws {
        try await expectCancellation([Self.accepted, Self.piece], stream: true, awaiting: "Hello")
    }

    @Test("A client that leaves while text pours ends the generation")
    func whilePouring() async throws {
        let generator = ScriptedGenerator([Self.accepted, .endless("text ")])
        try await LiveServer.run(ServerFixture(generator)) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody(",\"stream\":true"))
                #expect(try await connection.receives("text "))
            }
            #expect(try await generator.waits(upTo: Self.noticeTime) { $0.ended == 1 })
        }
    }

    @Test("A client that breaks its connection off in the middle of a body is one that left, and no error of ours")
    func midBody() async throws {
        let fixture = ServerFixture(ScriptedGenerator.greeting())
        try await LiveServer.run(fixture) { server in
            for _ in 0..<20 {
                try await RawConnection.open(port: server.port) { connection in
                    try await connection.send(
                        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                            + "\(FixedKeys.good)\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
                    // Time for the server to wait for the rest of the body.
                    try await Task.sleep(for: .milliseconds(20))
                    // A close that says reset instead of end.
                    let socket = try #require(connection.channel as? any SocketOptionProvider)
                    try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                }
            }
            for _ in 0..<2_000 where Self.departures(in: fixture) < 20 {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        #expect(Self.departures(in: fixture) == 20)
        #expect(!fixture.recorder.lines.contains { $0.text.contains("request failed") || $0.text.contains("status=5") })
    }

    private static func departures(in fixture: ServerFixture) -> Int {
        fixture.recorder.lines.count { $0.text.contains("status=499") }
    }

    @Test("A hundred clients that leave at random moments leave nothing behind")
    func many() async throws {
        let generator = ScriptedGenerator([
            Self.accepted, .pause(.milliseconds(5)), Self.piece, .pause(.milliseconds(5)), Self.piece, .hang,
        ])
        try await LiveServer.run(ServerFixture(generator)) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        try await RawConnection.open(port: server.port) { connection in
                            try await connection.sendChat(ServerFixture.chatBody(",\"stream\":\(index % 2 == 0)"))
                            try await Task.sleep(for: .microseconds(.random(in: 0...20_000)))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await generator.waits { $0.ended == $0.requests.count })
            // The server is none the worse for it.
            try await RawConnection.open(port: server.port) { connection in
                try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await connection.receives("{\"status\":\"ok\"}"))
            }
        }
    }

    @Test("A client that stops reading is cut off, which ends the generation")
    func slowReader() async throws {
        let generator = ScriptedGenerator([Self.accepted, .endless(String(repeating: "x", count: 1_000))])
        let fixture = ServerFixture(generator) { $0.limits.writeStall = .milliseconds(300) }
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port, receiveBuffer: 4_096) { connection in
                try await connection.channel.setOption(.autoRead, value: false).get()
                try await connection.sendChat(ServerFixture.chatBody(",\"stream\":true"))
                #expect(try await generator.waits { $0.ended == 1 })
                // What the kernel's buffers and ours take, and no more.
                #expect(generator.observed.played < 20_000)
            }
        }
    }
}
