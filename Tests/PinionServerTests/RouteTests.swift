import HTTPTypes
import Logging
import OpenAIAPI
import PinionServer
import Testing

@Suite("Routes", .timeLimit(.minutes(1)))
struct RouteTests {
    @Test("Health is open and follows the readiness")
    func health() async throws {
        let fixture = ServerFixture(.greeting())
        let ready = try await fixture.reply(.get, "/health", key: nil)
        #expect(ready.status == 200)
        #expect(ready.body == #"{"status":"ok"}"#)
        #expect(ready.headers.value("x-request-id") != nil)

        fixture.readiness.become(.loading)
        let loading = try await fixture.reply(.get, "/health", key: nil)
        #expect(loading.status == 503)
        #expect(loading.body == #"{"status":"loading"}"#)
        let refused = try await fixture.chat()
        #expect(refused.status == 503)
        #expect(refused.headers.value("retry-after") != nil)

        fixture.readiness.become(.stopping)
        fixture.readiness.become(.ready)
        let stopping = try await fixture.reply(.get, "/health", key: nil)
        #expect(stopping.status == 503)
        #expect(stopping.body == #"{"status":"stopping"}"#)
    }

    @Test("HEAD answers like GET, without a body")
    func head() async throws {
        let fixture = ServerFixture(.greeting())
        let health = try await fixture.reply(.head, "/health", key: nil)
        #expect(health.status == 200)
        #expect(health.headers.value("content-length") == "15")
        #expect(health.body.isEmpty)
        let refused = try await fixture.reply(.head, "/v1/models", key: nil)
        #expect(refused.status == 401)
        #expect(refused.body.isEmpty)
    }

    @Test("The models are listed in the order of their registration")
    func list() async throws {
        let reply = try await ServerFixture(.greeting(id: "b/2"), .greeting(id: "a/1")).reply(.get, "/v1/models")
        #expect(reply.status == 200)
        #expect(
            reply.body
                == #"{"object":"list","data":[{"id":"b/2","object":"model","created":1700000000,"owned_by":"acme"},"#
                + #"{"id":"a/1","object":"model","created":1700000000,"owned_by":"acme"}]}"#)
    }

    @Test(
        "A model is found by its id with slashes raw or encoded, and by its bare name",
        arguments: ["acme/tiny/1", "acme%2Ftiny%2F1", "acme%2ftiny/1", "acme/tiny", "acme%2Ftiny"])
    func model(path: String) async throws {
        let reply = try await ServerFixture(.greeting(), .greeting(id: "acme/tiny/2")).reply(.get, "/v1/models/\(path)")
        #expect(reply.status == 200)
        #expect(
            reply.body == #"{"id":"acme/tiny/1","object":"model","created":1700000000,"owned_by":"acme"}"#)
    }

    @Test("A bare name means the version registered first, and an id wins over a name")
    func registry() throws {
        let registry = try ModelRegistry([
            ScriptedGenerator.greeting(id: "org/m/2"), ScriptedGenerator.greeting(id: "org/m/1"),
            ScriptedGenerator.greeting(id: "plain"), ScriptedGenerator.greeting(id: "org/m"),
        ])
        #expect(registry["org/m/1"]?.model.id == "org/m/1")
        #expect(registry["org/m"]?.model.id == "org/m")
        #expect(registry["org"]?.model.id == "org/m")
        #expect(registry["plain"]?.model.id == "plain")
        #expect(registry["org/m/3"] == nil)
        #expect(registry[""] == nil)
        #expect(registry.models.map(\.id) == ["org/m/2", "org/m/1", "plain", "org/m"])
        #expect(throws: ServerError.self) {
            try ModelRegistry([ScriptedGenerator.greeting(), ScriptedGenerator.greeting()])
        }
    }

    @Test("A request is logged in one line, without its query and its key")
    func accessLog() async throws {
        let fixture = ServerFixture(.greeting())
        let reply = try await fixture.reply(.get, "/v1/models?token=secret")
        let id = try #require(reply.headers.value("x-request-id"))
        let lines = fixture.recorder.lines.filter { $0.level == .info && $0.text.contains(id) }
        #expect(lines.count == 1)
        for part in ["method=GET", "path=/v1/models ", "status=200", "tenant=tenant-7", "duration-ms="] {
            #expect(lines.first?.text.contains(part) == true)
        }
        #expect(!fixture.recorder.lines.contains { $0.text.contains("secret") || $0.text.contains(FixedKeys.good) })
    }
}
