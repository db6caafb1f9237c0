import Foundation
import NIOCore
import OpenAIAPI
import PinionServer
import Synchronization
import Testing
import TextGeneration

@Suite("Shutdown", .timeLimit(.minutes(1)))
struct ShutdownTests {
    private static let accepted = ScriptedGenerator.Step.event(.accepted(promptTokens: 1))

    @Test("A server told to stop takes no more connections and ends what it has begun")
    func graceful() async throws {
        let generator = ScriptedGenerator(
            [Self.accepted, .pause(.seconds(1))] + ScriptedGenerator.greetingSteps.dropFirst())
        let fixture = ServerFixture(generator)
        try await LiveServer.run(fixture) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody(",\"stream\":true"))
                #expect(try await connection.receives("assistant"))
                server.stop()
                while server.readiness.state != .stopping { try await Task.sleep(for: .milliseconds(2)) }
                // Before the reply ends, and with it the server.
                let end = ContinuousClock.now + .milliseconds(800)
                var isRefused = false
                while !isRefused, ContinuousClock.now < end {
                    do {
                        try await RawConnection.open(port: server.port) { _ in }
                        try await Task.sleep(for: .milliseconds(20))
                    } catch {
                        isRefused = true
                    }
                }
                #expect(isRefused)
                #expect(try await connection.receiveAll().contains("data: [DONE]\n\n"))
            }
        }
    }

    @Test("Requests that outlast the grace end with an error: an event in a stream, a 503 otherwise")
    func graceSpent() async throws {
        for stream in [true, false] {
            let generator = ScriptedGenerator([Self.accepted, .hang])
            let fixture = ServerFixture(generator) { $0.limits.shutdownGrace = .milliseconds(200) }
            try await LiveServer.run(fixture) { server in
                try await RawConnection.open(port: server.port) { connection in
                    try await connection.sendChat(ServerFixture.chatBody(",\"stream\":\(stream)"))
                    #expect(try await generator.waits { $0.played == 2 })
                    if stream { #expect(try await connection.receives("assistant")) }
                    server.stop()
                    let reply = try await connection.receiveAll()
                    #expect(reply.hasPrefix(stream ? "HTTP/1.1 200" : "HTTP/1.1 503"))
                    #expect(reply.contains("shutting down"))
                    #expect(!reply.contains("[DONE]"))
                    #expect(stream || reply.contains("Retry-After: "))
                }
                #expect(try await generator.waits { $0.ended == 1 })
            }
        }
    }

    @Test("A second request to stop ends everything at once")
    func forced() async throws {
        let generator = ScriptedGenerator([Self.accepted, .hang])
        try await LiveServer.run(ServerFixture(generator)) { server in
            try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody(",\"stream\":true"))
                #expect(try await connection.receives("assistant"))
                let start = ContinuousClock.now
                server.stop()
                server.stop()
                _ = try await connection.receiveAll()
                #expect(start.duration(to: .now) < .seconds(2))
                #expect(try await generator.waits { $0.ended == 1 })
            }
        }
    }

    /// Takes a thread for some seconds, whatever is cancelled, or until the test has seen enough.
    private final class StuckKeys: KeyAuthority {
        static let time: Duration = .seconds(4)
        private let isReleased = Atomic<Bool>(false)
        private let asked = Atomic<Bool>(false)

        var isAsked: Bool { asked.load(ordering: .relaxed) }

        func release() {
            isReleased.store(true, ordering: .relaxed)
        }

        func authenticate(_ bearer: String) async throws -> Tenant? {
            asked.store(true, ordering: .relaxed)
            let end = ContinuousClock.now + Self.time
            // Blocked and not suspended, on purpose.
            while ContinuousClock.now < end, !isReleased.load(ordering: .relaxed) { usleep(1_000) }
            return nil
        }
    }

    /// The time from so many requests to stop until the server has ended, while a key is not told to be good or bad.
    private func stuckTime(_ requests: Int) async throws -> Duration {
        var fixture = ServerFixture(.greeting()) { $0.limits.shutdownGrace = .zero }
        let stuck = StuckKeys()
        defer { stuck.release() }
        fixture.keys = stuck
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        let (ports, portFound) = AsyncStream.makeStream(of: Int.self)
        let application = try fixture.application { portFound.yield($0) }
        let serving = Task { try await application.run(stopRequests: stops) }
        let port = try #require(await ports.first { _ in true })
        return try await RawConnection.open(port: port) { connection in
            try await connection.sendChat(ServerFixture.chatBody())
            while !stuck.isAsked { try await Task.sleep(for: .milliseconds(2)) }
            let start = ContinuousClock.now
            for _ in 0..<requests { stop.yield() }
            try await serving.value
            return start.duration(to: .now)
        }
    }

    @Test("Work that does not stop holds up neither a second request to stop nor the end of the grace")
    func stuck() async throws {
        // Once asked, the farewell of two seconds is waited for as well.
        for (requests, bar) in [(1, Duration.seconds(3)), (2, .seconds(1))] {
            // The best of three: the machine may be somebody else's for a moment.
            var best = try await stuckTime(requests)
            for _ in 0..<2 where best >= bar { best = min(best, try await stuckTime(requests)) }
            #expect(best < bar)
        }
    }

    @Test("Connections that arrive while the server stops do no harm", .timeLimit(.minutes(1)))
    func arrivals() async throws {
        for _ in 0..<20 {
            try await LiveServer.run(ServerFixture(ScriptedGenerator([Self.accepted, .hang]))) { server in
                await withTaskGroup(of: Void.self) { group in
                    for client in 0..<30 {
                        group.addTask {
                            // Most are refused or cut off; the server must merely survive them.
                            try? await RawConnection.open(port: server.port) { connection in
                                try await connection.sendChat(ServerFixture.chatBody())
                            }
                        }
                        if client == 15 {
                            server.stop()
                            server.stop()
                        }
                    }
                }
            }
        }
    }
}
