import OpenAIAPI
import PinionServer
import Testing

/// Header values that are cheap to send and were dear to compare.
@Suite("Hostile header values", .serialized, .timeLimit(.minutes(1)))
struct HostileHeaderTests {
    /// 30 KB of combining marks that a normalisation has to sort.
    private static let marks = String(repeating: "\u{301}\u{316}", count: 7_500)
    /// Time for a request, which takes about 1 ms on an idle machine. Before the values were compared as bytes it took 45 to
    /// 320 ms.
    private static let bar: Duration = .milliseconds(20)
    /// Time in which one request has to meet the bar, as other tests may take the machine meanwhile.
    private static let patience: Duration = .seconds(3)

    @Test(
        "30 KB of combining marks in a header value cost no more than any 30 KB, with and without keys",
        arguments: [true, false])
    func marks(requiresKey: Bool) async throws {
        let fixture = ServerFixture(.greeting()) { $0.requiresAuthentication = requiresKey }
        let get = "GET /v1/models HTTP/1.1\r\n"
        let post = "POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer \(FixedKeys.good)\r\n"
        let own = "Host: localhost\r\n"
        let heads = [
            "Host": get + "Host: a\(Self.marks)\r\n", "port": get + "Host: localhost:1\(Self.marks)\r\n",
            "Connection": get + own + "Connection: a\(Self.marks)\r\n",
            "Expect": get + own + "Expect: 1\(Self.marks)\r\n",
            "Authorization": get + own + "Authorization: B\(Self.marks)\r\n",
            "key": get + own + "Authorization: Bearer a\(Self.marks)\r\n",
            "Content-Type": post + own + "Content-Length: 0\r\nContent-Type: a\(Self.marks)\r\n",
            "Origin": get + own + "Origin: h\(Self.marks)\r\n",
            "Sec-Fetch-Site": get + own + "Sec-Fetch-Site: n\(Self.marks)\r\n",
            "other": get + own + "x-other: a\(Self.marks)\r\n",
        ]
        try await LiveServer.run(fixture) { server in
            for (name, head) in heads {
                try await RawConnection.open(port: server.port) { connection in
                    var best = Duration.seconds(60)
                    let end = ContinuousClock.now + Self.patience
                    while best >= Self.bar, ContinuousClock.now < end {
                        let start = ContinuousClock.now
                        try await connection.send(head + "\r\n")
                        #expect(try await connection.receives(lastByte: UInt8(ascii: "}")), "\(name)")
                        best = min(best, start.duration(to: .now))
                        #expect(connection.received.hasPrefix("HTTP/1.1 "), "\(name)")
                        connection.forget()
                    }
                    #expect(best < Self.bar, "\(name): \(best)")
                }
            }
        }
    }

    @Test("Protocol words are read without regard to case, and only whole")
    func words() async throws {
        try await LiveServer.run(ServerFixture(.greeting())) { server in
            for (value, closes) in [("close", true), ("CLOSE", true), ("closed", false), ("cl\u{F6}se", false)] {
                try await RawConnection.open(port: server.port) { connection in
                    let head = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: \(value)\r\n\r\n"
                    try await connection.send(head)
                    #expect(try await connection.receives("ok"))
                    connection.forget()
                    try? await connection.send(head)
                    #expect(try await connection.receives("ok") != closes, "\(value)")
                }
            }
        }
    }
}
