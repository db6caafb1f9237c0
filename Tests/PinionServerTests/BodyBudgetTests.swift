import NIOCore
import PinionServer
import PinionWire
import Synchronization
import Testing
import TextGeneration

@Suite("Bodies on their way", .timeLimit(.minutes(1)))
struct BodyBudgetTests {
    private static let head =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(FixedKeys.good)\r\n"

    /// A server with room for four bodies of the largest size of one tenant.
    private func fixture() -> ServerFixture {
        ServerFixture(.greeting()) {
            $0.limits.bodySize = 100_000
            $0.limits.bodiesInFlight = 800_000
        }
    }

    /// How many connections have sent what they begin with, and how many have been refused.
    private final class Tally: Sendable {
        let sent = Atomic<Int>(0)
        let refused = Atomic<Int>(0)

        /// Waits until so many of all were refused, and then whether more are.
        func settles(_ count: Int, _ expected: Int) async throws {
            for _ in 0..<2_000
            where sent.load(ordering: .relaxed) < count || refused.load(ordering: .relaxed) < expected {
                try await Task.sleep(for: .milliseconds(10))
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Opens connections that each promise a body, and begin it; returns how many were refused while all were open.
    private func refusals(of count: Int, expected: Int, _ opening: String, port: Int) async throws -> Int {
        let tally = Tally()
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask {
                    try await RawConnection.open(port: port) { connection in
                        try await connection.send(Self.head + opening)
                        tally.sent.add(1, ordering: .relaxed)
                        // Only a refusal comes; the others are waited for until all have been heard.
                        let channel = connection.channel
                        let leaving = Task {
                            try await tally.settles(count, expected)
                            try await channel.close().get()
                        }
                        let isRefused = try await connection.receives("}}")
                        if isRefused {
                            tally.refused.add(1, ordering: .relaxed)
                            #expect(connection.received.hasPrefix("HTTP/1.1 503 "))
                            #expect(connection.received.lowercased().contains("\r\nretry-after: 2\r\n"))
                            #expect(connection.received.contains("server_is_overloaded"))
                        }
                        _ = await leaving.result
                        return isRefused
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Test("Bodies beyond the budget are refused at once; those that leave make room, each exactly once")
    func lengthTold() async throws {
        try await LiveServer.run(fixture()) { server in
            for _ in 0..<3 {
                let opening = "Content-Length: 100000\r\n\r\n{"
                #expect(try await refusals(of: 10, expected: 6, opening, port: server.port) == 6)
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    @Test("A body that does not tell its length counts as it grows")
    func chunked() async throws {
        let chunk = "186A0\r\n" + String(repeating: " ", count: 100_000) + "\r\n"
        try await LiveServer.run(fixture()) { server in
            let opening = "Transfer-Encoding: chunked\r\n\r\n"
            #expect(try await refusals(of: 10, expected: 0, opening, port: server.port) == 0)
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await refusals(of: 10, expected: 6, opening + chunk, port: server.port) == 6)
        }
    }

    @Test("However a request ends, its body's room is free again")
    func ends() async throws {
        let padding = String(repeating: " ", count: 90_000)
        try await LiveServer.run(fixture()) { server in
            try await RawConnection.open(port: server.port) { connection in
                for body in [ServerFixture.chatBody(), "{nonsense", "{}", ServerFixture.chatBody(model: "none/1")] {
                    for _ in 0..<5 {
                        try await connection.sendChat(body + padding)
                        #expect(try await connection.receives("}}"))
                        #expect(!connection.received.hasPrefix("HTTP/1.1 503"))
                        connection.forget()
                    }
                }
            }
        }
    }

    @Test("One tenant has half of the budget, whatever it promises; everybody of a server without keys has all of it")
    func shares() throws {
        let budget = BodyBudget(limit: 1_000)
        let (one, other) = (Tenant(id: "one"), Tenant(id: "other"))
        try budget.reserve(400, for: one)
        #expect(throws: APIError.self) { try budget.reserve(101, for: one) }
        try budget.reserve(100, for: one)
        try budget.reserve(500, for: other)
        #expect(throws: APIError.self) { try budget.reserve(1, for: .anonymous) }
        budget.release(500, for: one)
        try budget.reserve(500, for: .anonymous)
        budget.release(500, for: .anonymous)
        budget.release(500, for: other)
        try budget.reserve(1_000, for: .anonymous)
    }
}
