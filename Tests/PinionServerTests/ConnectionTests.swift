import NIOCore
import OpenAIAPI
import PinionServer
import Testing

@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    private static let health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// Sends bytes to a server and returns everything it answers until it closes.
    private func answer(
        to text: String, configure: @escaping (inout ServerConfiguration) -> Void = { _ in }
    ) async throws -> String {
        try await LiveServer.run(ServerFixture(.greeting(), configure: configure)) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.send(text)
                return try await connection.receiveAll()
            }
        }
    }

    private func expectError(_ reply: String, _ status: Int, location: SourceLocation = #_sourceLocation) {
        #expect(reply.hasPrefix("HTTP/1.1 \(status) "), sourceLocation: location)
        #expect(reply.lowercased().contains("x-request-id: req_"), sourceLocation: location)
        #expect(reply.contains("\r\n\r\n{\"error\":{\"message\":"), sourceLocation: location)
        #expect(reply.hasSuffix("}}"), sourceLocation: location)
    }

    @Test("A connection serves request after request, completions and streams among them")
    func keepAlive() async throws {
        try await LiveServer.run(ServerFixture(.greeting())) { server in
            try await RawConnection.open(port: server.port) { connection in
                for stream in [false, true, false, true] {
                    try await connection.sendChat(ServerFixture.chatBody(",\"stream\":\(stream)"))
                    #expect(try await connection.receives(stream ? "[DONE]\n\n\r\n0\r\n\r\n" : "\"total_tokens\":12}}"))
                    connection.forget()
                    try await connection.send(Self.health)
                    #expect(try await connection.receives("{\"status\":\"ok\"}"))
                    connection.forget()
                }
            }
        }
    }

    @Test("On loopback only names of this machine are served, against DNS rebinding")
    func host() async throws {
        let fixture = ServerFixture(.greeting()) { $0.allowedHosts = ["Pinion.example"] }
        try await LiveServer.run(fixture) { server in
            for (host, status) in [
                ("localhost", 200), ("LOCALHOST:1234", 200), ("127.0.0.1:80", 200), ("[::1]:8080", 200), ("[::1]", 200),
                ("localhost.", 200), ("pinion.example:443", 200), ("evil.example", 421),
                ("localhost.evil.example", 421),
                ("127.0.0.1.evil.example", 421), ("10.0.0.1", 421), ("[::2]", 421), ("", 421),
                ("localhost\r\nHost: evil.example", 421),
            ] {
                try await RawConnection.open(port: server.port) { connection in
                    try await connection.send("GET /health HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    #expect(try await connection.receives("}"))
                    #expect(connection.received.hasPrefix("HTTP/1.1 \(status)"), "\(host)")
                }
            }
        }
    }

    @Test("What is not HTTP is answered in JSON")
    func notHTTP() async throws {
        expectError(try await answer(to: "nonsense\r\n\r\n"), 400)
        expectError(try await answer(to: "GET /health HTTP/1.1\r\nHost localhost\r\n\r\n"), 400)
    }

    @Test("A body that breaks the rules of its transfer is answered in JSON")
    func brokenBody() async throws {
        let head =
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(FixedKeys.good)\r\n"
        expectError(try await answer(to: head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400)
    }

    @Test("Too many header fields, or too large ones, are a 431")
    func headers() async throws {
        let many = (0...100).map { "x-\($0): 1\r\n" }.joined()
        expectError(try await answer(to: "GET /health HTTP/1.1\r\nHost: localhost\r\n\(many)\r\n"), 431)
        let large = String(repeating: "a", count: 33 * 1024)
        expectError(try await answer(to: "GET /health HTTP/1.1\r\nHost: localhost\r\nx: \(large)\r\n\r\n"), 431)
        expectError(try await answer(to: "GET /\(large) HTTP/1.1\r\nHost: localhost\r\n\r\n"), 431)
    }

    @Test("A body that grows over the limit is a 413, and the connection closes")
    func chunkedBody() async throws {
        let chunk = "400\r\n" + String(repeating: " ", count: 1024) + "\r\n"
        let reply = try await answer(
            to: "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(FixedKeys.good)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: chunk, count: 8)
        ) { $0.limits.bodySize = 4096 }
        expectError(reply, 413)
    }

    @Test("A head that takes too long closes the connection, and so does a silent client")
    func slowHead() async throws {
        for text in ["", "GET /health HTTP/1.1\r\nHost: lo", Self.health] {
            let start = ContinuousClock.now
            let reply = try await answer(to: text) { $0.limits.headerTime = .seconds(1) }
            #expect(reply.isEmpty == (text != Self.health))
            #expect(start.duration(to: .now) < .seconds(5))
        }
    }

    @Test("A head that arrives byte by byte is not given more time")
    func drippingHead() async throws {
        let fixture = ServerFixture(.greeting()) { $0.limits.headerTime = .milliseconds(300) }
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                let start = ContinuousClock.now
                for byte in Self.health where start.duration(to: .now) < .seconds(5) {
                    do {
                        try await connection.send(String(byte))
                    } catch {
                        break
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(start.duration(to: .now) < .seconds(4))
                #expect(try await connection.receiveAll().isEmpty)
            }
        }
    }

    @Test("A body that takes too long is a 408, however steadily it drips, and nothing was generated")
    func slowBody() async throws {
        let generator = ScriptedGenerator.greeting()
        let fixture = ServerFixture(generator) { $0.limits.bodyTime = .seconds(1) }
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
                        + "Authorization: Bearer \(FixedKeys.good)\r\n\r\n")
                for _ in 0..<4 {
                    try await connection.send(" ")
                    try await Task.sleep(for: .milliseconds(50))
                }
                expectError(try await connection.receiveAll(), 408)
            }
        }
        #expect(generator.observed.requests.isEmpty)
    }

    @Test("A client that expects to be told to continue is told")
    func expectContinue() async throws {
        try await LiveServer.run(ServerFixture(.greeting())) { server in
            try await RawConnection.open(port: server.port) { connection in
                let body = ServerFixture.chatBody()
                try await connection.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n"
                        + "Authorization: Bearer \(FixedKeys.good)\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await connection.receives("\r\n\r\n"))
                #expect(connection.received.hasPrefix("HTTP/1.1 100 Continue\r\n"))
                try await connection.send(body)
                #expect(try await connection.receives("\"total_tokens\":12}}"))
                #expect(connection.received.contains("HTTP/1.1 200 OK"))
            }
        }
    }

    @Test("Connections over the limit wait until one is free")
    func connectionLimit() async throws {
        let fixture = ServerFixture(.greeting()) { $0.limits.connections = 2 }
        try await LiveServer.run(fixture) { server in
            let waiting = try await RawConnection.open(port: server.port) { first in
                try await RawConnection.open(port: server.port) { second in
                    try await first.send(Self.health)
                    try await second.send(Self.health)
                    #expect(try await first.receives("ok"))
                    #expect(try await second.receives("ok"))
                    let third = Task {
                        try await RawConnection.open(port: server.port) { third in
                            try await third.send(Self.health)
                            let isServed = try await third.receives("ok")
                            return (isServed, ContinuousClock.now)
                        }
                    }
                    try await Task.sleep(for: .milliseconds(200))
                    return (third, ContinuousClock.now)
                }
            }
            let (isServed, time) = try await waiting.0.value
            #expect(isServed)
            #expect(time > waiting.1)
        }
    }
}
