import HTTPTypes
import Logging
import PinionServer
import PinionWire
import Testing
import TestSupport
import TextGeneration

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
            reply.body == #"{"object":"list","data":[\#(Self.listed("b/2")),\#(Self.listed("a/1"))]}"#)
    }

    @Test(
        "A model is found by its id with slashes raw or encoded, and by its bare name",
        arguments: ["acme/tiny/1", "acme%2Ftiny%2F1", "acme%2ftiny/1", "acme/tiny", "acme%2Ftiny"])
    func model(path: String) async throws {
        let reply = try await ServerFixture(.greeting(), .greeting(id: "acme/small/1")).reply(
            .get, "/v1/models/\(path)")
        #expect(reply.status == 200)
        #expect(
            reply.body == Self.listed("acme/tiny/1"))
    }

    private static func listed(_ id: String) -> String {
        #"{"id":"\#(id)","object":"model","created":1700000000,"owned_by":"acme","context_length":128,"state":"ready","#
            + #""aliases":[]}"#
    }

    private static func registry(_ ids: String...) throws -> ModelRegistry {
        try ModelRegistry(ids.map { ScriptedGenerator.greeting(id: $0) })
    }

    /// The message of the error that a word for a model ends in.
    private static func refusal(_ word: String, by registry: ModelRegistry) -> String? {
        let error = #expect(throws: APIError.self) { try registry.generator(for: word) }
        #expect(error?.code == "model_not_found" && error?.status == 404)
        #expect(
            error?.message.hasPrefix("The model `\(word)` does not exist or you do not have access to it.") == true)
        return error?.message
    }

    @Test("A bare name means the model served under it, or else its only version")
    func bareNames() throws {
        let registry = try Self.registry("org/m/2", "org/m/1", "plain", "org/m", "single/q8")
        #expect(registry.models.map(\.id) == ["org/m/2", "org/m/1", "plain", "org/m", "single/q8"])
        for (word, id) in [
            ("org/m/1", "org/m/1"), ("org/m", "org/m"), ("org", "org/m"), ("plain", "plain"), ("single", "single/q8"),
        ] {
            #expect(try registry.generator(for: word).model.id == id)
        }
        let unknown = try #require(Self.refusal("org/m/3", by: registry))
        #expect(
            unknown.hasSuffix(" The models of this server are: `org/m/2`, `org/m/1`, `plain`, `org/m`, `single/q8`."))
        #expect(Self.refusal("", by: registry) != nil)
        #expect(throws: ServerError.self) { try Self.registry("a", "a") }
    }

    @Test("A bare name with several versions and no default is refused with the versions")
    func severalVersions() async throws {
        let registry = try Self.registry("a/x", "b/z", "a/y")
        #expect(try #require(Self.refusal("a", by: registry)).hasSuffix(" Name one of its versions: `a/x`, `a/y`."))
        #expect(try registry.generator(for: "b").model.id == "b/z")
        let fixture = ServerFixture(.greeting(id: "a/x"), .greeting(id: "a/y"))
        let reply = try await fixture.chat(ServerFixture.chatBody(model: "a"))
        #expect(reply.status == 404)
        #expect(reply.error?.message.hasSuffix("Name one of its versions: `a/x`, `a/y`.") == true)
        #expect(try await fixture.chat(ServerFixture.chatBody(model: "a/y")).status == 200)
    }

    @Test("An alias means its model, is listed with it, and takes nobody's name")
    func aliases() throws {
        func registry(_ aliases: (name: String, model: String)...) throws -> ModelRegistry {
            try ModelRegistry(["a/x", "b/y", "b/z"].map { ScriptedGenerator.greeting(id: $0) }, aliases: aliases)
        }
        let named = try registry(("claude-local", "a"), ("claude-other", "b/z"))
        #expect(try named.generator(for: "claude-local").model.id == "a/x")
        #expect(try named.generator(for: "claude-other").model.id == "b/z")
        #expect(named.models.map(\.id) == ["a/x", "b/y", "b/z"])
        for wrong in [("a/x", "b/y"), ("c", "b"), ("c", "nobody")] {
            #expect(throws: ServerError.self) { try registry(wrong) }
        }
        #expect(throws: ServerError.self) { try registry(("c", "a/x"), ("c", "b/y")) }
    }

    @Test("Ids are told apart by their bytes, in time proportional to a client's word")
    func hostileWord() throws {
        let registry = try Self.registry("caf\u{E9}/1", "cafe\u{301}/1")
        #expect(try registry.generator(for: "cafe\u{301}").model.id.utf8.count == 8)
        let word = "a" + String(repeating: "\u{301}\u{316}", count: 1 << 20)
        let time = processorTime { #expect(throws: APIError.self) { try registry.generator(for: word) } }
        #expect(time < .seconds(1))
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
