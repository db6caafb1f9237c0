import Foundation
import HTTPTypes
import PinionServer
import PinionWire
import Testing
import TextGeneration

/// Knows one admin key, and tells what it was made with.
struct FixedAdministration: Administration {
    static let key = "admin-key-0123456789"

    func accepts(_ key: String) -> Bool { key.utf8.elementsEqual(Self.key.utf8) }
    func usage(_ query: [(name: String, value: String)]) async throws -> [UInt8] { Array("{}".utf8) }
    func keys() async throws -> [UInt8] { Array("[]".utf8) }
    func owners() async throws -> [UInt8] { Array("[]".utf8) }

    func status(namesOf keys: [String]) async throws -> AdministrationStatus {
        var names = ["key_a": "name of key_a"]
        for key in keys { names[key] = "name of \(key)" }
        return AdministrationStatus(
            version: "1.2.3", day: "2026-11-27",
            keys: [
                .init(
                    key: "key_a", owner: "team", requests: 3, inputTokens: 40, cachedTokens: 10, outputTokens: 20,
                    cost: "0.000000001")
            ],
            keysLeftOff: 2, keyNames: names,
            ledger: .init(
                running: 1, reservedTokens: 9, journalBytes: 100, journalFreeBytes: 900, lastFold: .milliseconds(3),
                failure: nil))
    }
}

@Suite("Status route", .timeLimit(.minutes(1)))
struct StatusRouteTests {
    private static let path = "/admin/status"

    /// A server whose routes share what they measure, although each request has an application of its own.
    private static func fixture(_ generator: ScriptedGenerator = .greeting()) -> ServerFixture {
        var fixture = ServerFixture(generator)
        fixture.administration = FixedAdministration()
        return fixture
    }

    private static func status(_ fixture: ServerFixture) async throws -> [String: Any] {
        let reply = try await fixture.reply(.get, path, key: FixedAdministration.key)
        #expect(reply.status == 200 && reply.headers.value("cache-control") == "no-store")
        return reply.json
    }

    @Test("Only the admin key opens it, and without one there is no such route")
    func keys() async throws {
        let fixture = Self.fixture()
        for key in [nil, FixedKeys.good, FixedAdministration.key + "x"] {
            #expect(try await fixture.reply(.get, Self.path, key: key).status == 401)
        }
        #expect(try await fixture.reply(.post, Self.path, body: "{}").status == 405)
        let bare = ServerFixture(.greeting())
        #expect(try await bare.reply(.get, Self.path, key: FixedAdministration.key).status == 404)
    }

    @Test("It tells of models, minutes, keys, ledger and slow requests")
    func body() async throws {
        let fixture = Self.fixture()
        for _ in 0..<3 { #expect(try await fixture.chat().status == 200) }
        let told = try await Self.status(fixture)
        #expect(told["version"] as? String == "1.2.3" && told["state"] as? String == "ready")
        #expect(told["uptime_seconds"] as? Int == 0 && (told["resident_bytes"] as? Int ?? 0) > 1 << 20)
        let model = try #require((told["models"] as? [[String: Any]])?.first)
        #expect(model["id"] as? String == "acme/tiny/1" && model["context_length"] as? Int == 128)
        #expect(model["prompt_tokens"] as? Int == 27 && model["weight_bytes"] is NSNull)
        let minutes = try #require(told["minutes"] as? [String: Any])
        for (name, value) in minutes where name != "newest_seconds" {
            #expect((value as? [Any])?.count == 60, "\(name)")
        }
        #expect((minutes["requests"] as? [Int])?.last == 3)
        #expect((minutes["first_token_p50_ms"] as? [Any])?.last is Double)
        #expect((minutes["first_token_p50_ms"] as? [Any])?.first is NSNull)
        let key = try #require((told["keys"] as? [[String: Any]])?.first)
        #expect(key["name"] as? String == "name of key_a" && key["output_tokens"] as? Int == 20)
        #expect(told["keys_left_off"] as? Int == 2)
        let slow = try #require(told["slow_requests"] as? [[String: Any]])
        #expect(slow.count == 3)
        #expect(slow[0]["key_name"] as? String == "name of tenant-7" && slow[0]["outcome"] as? String == "stop")
        #expect(slow[0]["generated_tokens"] as? Int == 3 && slow[0]["queued_ms"] is Int)
        #expect((slow[0]["request_id"] as? String)?.hasPrefix("req_") == true)
        #expect((told["ledger"] as? [String: Any])?["reserved_tokens"] as? Int == 9)
        #expect((told["errors"] as? [Any])?.isEmpty == true)
    }

    private static func slowest(_ fixture: ServerFixture) async throws -> [String: Any]? {
        (try await status(fixture)["slow_requests"] as? [[String: Any]])?.first
    }

    @Test("A request that runs is among the slow ones, and is told once when it has ended")
    func running() async throws {
        let fixture = Self.fixture(
            ScriptedGenerator([.event(.accepted(promptTokens: 9)), .event(.text(choice: 0, "Hello", [])), .hang]))
        try await LiveServer.run(fixture) { server in
            let id = try await RawConnection.open(port: server.port) { connection in
                try await connection.sendChat(ServerFixture.chatBody(#","stream":true"#))
                #expect(try await connection.receives("Hello"))
                let slow = try #require(try await Self.slowest(fixture))
                #expect(slow["outcome"] as? String == "running" && slow["route"] as? String == "/v1/chat/completions")
                #expect(slow["key_name"] as? String == "name of tenant-7" && slow["model"] as? String == "acme/tiny/1")
                #expect(slow["prompt_tokens"] as? Int == 9 && slow["generated_tokens"] is NSNull)
                let times = try ["queued_ms", "first_token_ms", "total_ms"].map { try #require(slow[$0] as? Int) }
                #expect(times == times.sorted())
                return try #require(slow["request_id"] as? String)
            }
            while try await Self.slowest(fixture)?["outcome"] as? String == "running" {
                try await Task.sleep(for: .milliseconds(5))
            }
            let slow = try #require(try await Self.status(fixture)["slow_requests"] as? [[String: Any]])
            #expect(slow.count == 1 && slow[0]["request_id"] as? String == id)
            #expect(slow[0]["outcome"] as? String == "client left")
        }
    }

    @Test("An error is told with its route and the request's id, whether it came before the head or in the stream")
    func errors() async throws {
        let error = GenerationError(.interrupted, "gone")
        let fixture = Self.fixture(
            ScriptedGenerator([
                .event(.accepted(promptTokens: 9)), .event(.text(choice: 0, "a", [])), .isRead, .failure(error),
            ]))
        #expect(try await fixture.chat(ServerFixture.chatBody(#","stream":true"#)).status == 200)
        let refused = try await fixture.chat(ServerFixture.chatBody(#","temperature":9"#))
        #expect(refused.status == 400)
        _ = try await fixture.reply(.get, "/v1/models", key: "wrong")
        _ = try await fixture.reply(.get, "/nothing/here")
        let told = try await Self.status(fixture)
        let errors = try #require(told["errors"] as? [[String: Any]])
        #expect(errors.map { $0["status"] as? Int } == [401, 400, 500])
        guard errors.count == 3 else { return }
        #expect(errors[1]["field"] as? String == "temperature" && errors[1]["message"] is NSNull)
        #expect(errors[1]["code"] as? String == "decimal_above_max_value")
        #expect(errors[1]["request_id"] as? String == refused.headers.value("x-request-id"))
        #expect(errors[2]["route"] as? String == "/v1/chat/completions")
        let minutes = try #require(told["minutes"] as? [String: Any])
        #expect((minutes["errors"] as? [Int])?.last == 1 && (minutes["refusals"] as? [Int])?.last == 2)
    }

    @Test("Those who look at the status are not counted, nor is what watches the server")
    func watchers() async throws {
        let fixture = Self.fixture()
        for _ in 0..<3 { _ = try await Self.status(fixture) }
        _ = try await fixture.reply(.get, "/health", key: nil)
        _ = try await fixture.reply(.get, "/metrics")
        let told = try await Self.status(fixture)
        #expect(((told["minutes"] as? [String: Any])?["requests"] as? [Int])?.reduce(0, +) == 0)
    }
}
