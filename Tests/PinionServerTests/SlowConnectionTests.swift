import Foundation
import OpenAIAPI
import PinionServer
import Testing
import TextGeneration

@Suite("Connections that keep the server waiting")
struct SlowConnectionTests {
    @Test("A reader that is slow but steady has all of a long reply, and time for its next request afterwards")
    func slowReader() async throws {
        let text = String(repeating: "river town ", count: 60_000)
        let generator = ScriptedGenerator([
            .event(.accepted(promptTokens: 1)), .event(.text(choice: 0, text, [])),
            .event(.finished(choice: 0, .stop)), .event(.usage(.init(promptTokens: 1, completionTokens: 1))),
        ])
        let headerTime = Duration.seconds(2)
        let fixture = ServerFixture(generator) {
            $0.limits.headerTime = headerTime
            $0.limits.writeStall = .seconds(4)
        }
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port, receiveBuffer: 8_192) { connection in
                let start = ContinuousClock.now
                try await connection.sendChat(ServerFixture.chatBody())
                // With pauses shorter than a stall, until the reply has taken longer than a whole head may. The rest, which
                // the system holds for the client, is read at once: the time for the next head has begun with it.
                let isWhole = try await connection.receives("\"total_tokens\":2}}") {
                    let isSlow = start.duration(to: .now) < headerTime + .milliseconds(300)
                    try await Task.sleep(for: .milliseconds(isSlow ? 100 : 0))
                }
                #expect(isWhole)
                #expect(start.duration(to: .now) > headerTime)
                try await Task.sleep(for: .milliseconds(100))
                connection.forget()
                try await connection.sendChat(ServerFixture.chatBody())
                #expect(try await connection.receives("HTTP/1.1 200 OK"))
            }
        }
    }

    @Test("A connection whose request was answered early is closed, though its body never comes")
    func earlyReply() async throws {
        for connectionHeader in ["", "Connection: close\r\n"] {
            let fixture = ServerFixture(.greeting()) { $0.limits.bodyTime = .milliseconds(400) }
            try await LiveServer.run(fixture) { server in
                try await RawConnection.open(port: server.port) { connection in
                    let start = ContinuousClock.now
                    try await connection.send(
                        "GET /health HTTP/1.1\r\nHost: localhost\r\n\(connectionHeader)Content-Length: 5\r\n\r\n")
                    #expect(try await connection.receiveAll().contains("ok"))
                    // Closed by the server, within the time of a body and of a last reply.
                    #expect(start.duration(to: .now) < .seconds(4))
                }
            }
        }
    }

    @Test("Places are kept free: of those who have not sent a request, who waited longest is closed")
    func crowd() async throws {
        let fixture = ServerFixture(.greeting()) {
            $0.limits.connections = 64
            $0.limits.requestGrace = .milliseconds(200)
        }
        try await LiveServer.run(fixture) { server in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                // More than there are places, each with half a head.
                for _ in 0..<80 {
                    group.addTask {
                        try await RawConnection.open(port: server.port) { connection in
                            try await connection.send("GET /health HTTP/1.1\r\nHost: local")
                            return try await connection.receives("never")
                        }
                    }
                }
                // Longer than the grace, and far shorter than the time for a head.
                try await Task.sleep(for: .milliseconds(800))
                // Once of three times: the machine may be somebody else's for a moment.
                var best = Duration.seconds(60)
                for _ in 0..<3 where best >= .milliseconds(500) {
                    let start = ContinuousClock.now
                    try await RawConnection.open(port: server.port) { connection in
                        try await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        #expect(try await connection.receives("ok"))
                    }
                    best = min(best, start.duration(to: .now))
                }
                #expect(best < .milliseconds(500))
                server.stop()
                server.stop()
                for try await isAnswered in group { #expect(!isAnswered) }
            }
        }
    }
}
