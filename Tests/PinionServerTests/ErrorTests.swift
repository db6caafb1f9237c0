import HTTPTypes
import Logging
import PinionServer
import PinionWire
import Testing
import TextGeneration

@Suite("Errors", .timeLimit(.minutes(1)))
struct ErrorTests {
    private let fixture = ServerFixture(.greeting())

    /// Checks status and error object, and that the reply is JSON and has an id.
    private func expect(
        _ reply: Reply, _ status: Int, type: String = "invalid_request_error", code: String? = nil,
        param: String? = nil, location: SourceLocation = #_sourceLocation
    ) {
        #expect(reply.status == status, sourceLocation: location)
        #expect(reply.error?.type == type, sourceLocation: location)
        #expect(reply.error?.code == code, sourceLocation: location)
        #expect(reply.error?.param == param, sourceLocation: location)
        #expect(reply.headers.value("content-type") == "application/json", sourceLocation: location)
        #expect(reply.headers.value("x-request-id")?.hasPrefix("req_") == true, sourceLocation: location)
    }

    @Test("A request without a key is a 401 that says how to send one", arguments: ["/v1/models", "/v1/models/x"])
    func noKey(path: String) async throws {
        let reply = try await fixture.reply(.get, path, key: nil)
        expect(reply, 401)
        #expect(reply.error?.message.contains("Authorization header") == true)
        #expect(reply.headers.value("www-authenticate") == "Bearer")
    }

    @Test("Credentials that are no Bearer key count as none", arguments: ["Basic abc", "Bearer", "Bearer ", "sk-1"])
    func noBearer(header: String) async throws {
        let reply = try await fixture.reply(.get, "/v1/models", key: nil, headers: [.authorization: header])
        expect(reply, 401)
    }

    @Test("A wrong key is a 401 with a code, and appears nowhere")
    func wrongKey() async throws {
        let reply = try await fixture.reply(.get, "/v1/models", key: "sk-canary-4711")
        expect(reply, 401, code: "invalid_api_key")
        #expect(!reply.body.contains("canary"))
        #expect(!fixture.recorder.lines.contains { $0.text.contains("canary") })
    }

    @Test(
        "The scheme of the authorization is read without regard to case", arguments: ["bearer", "BEARER", "Bearer  "])
    func schemeCase(scheme: String) async throws {
        let headers: HTTPFields = [.authorization: "\(scheme) \(FixedKeys.good)"]
        #expect(try await fixture.reply(.get, "/v1/models", key: nil, headers: headers).status == 200)
    }

    @Test("A key store that fails serves nobody: 500, logged, and no word of it to the client")
    func damagedStore() async throws {
        let reply = try await fixture.reply(
            .post, "/v1/chat/completions", body: ServerFixture.chatBody(), key: FixedKeys.damaging)
        expect(reply, 500, type: "server_error", code: "internal_error")
        #expect(!reply.body.contains("Damaged"))
        #expect(fixture.scripted[0].observed.requests.isEmpty)
        let id = try #require(reply.headers.value("x-request-id"))
        #expect(
            fixture.recorder.lines.contains {
                $0.level == .error && $0.text.contains("DamagedDatabase") && $0.text.contains(id)
            })
        #expect(!fixture.recorder.lines.contains { $0.text.contains(FixedKeys.damaging) })
    }

    @Test("Without authentication no key is asked for, but only on loopback")
    func open() async throws {
        let open = ServerFixture(.greeting()) { $0.requiresAuthentication = false }
        let reply = try await open.reply(
            .post, "/v1/chat/completions", body: ServerFixture.chatBody(), key: nil)
        #expect(reply.status == 200)
        #expect(open.scripted[0].observed.tenants == [.anonymous])
        for host in ["0.0.0.0", "::", "192.168.1.7", "example.org"] {
            let exposed = ServerFixture(.greeting()) {
                $0.requiresAuthentication = false
                $0.host = host
            }
            #expect(throws: ServerError.self) { try exposed.application() }
        }
    }

    @Test("An unknown model is a 404 for completions and for the list")
    func unknownModel() async throws {
        expect(try await fixture.chat(ServerFixture.chatBody(model: "nobody/9")), 404, code: "model_not_found")
        expect(try await fixture.reply(.get, "/v1/models/nobody%2F9"), 404, code: "model_not_found")
    }

    @Test("The body's mistakes are told by the decoder's own errors")
    func body() async throws {
        expect(try await fixture.chat("{nonsense"), 400)
        expect(try await fixture.chat(""), 400)
        expect(
            try await fixture.chat("{\"model\":\"acme/tiny/1\"}"), 400, code: "missing_required_parameter",
            param: "messages")
        expect(
            try await fixture.chat(ServerFixture.chatBody(",\"temperature\":3")), 400,
            code: "decimal_above_max_value", param: "temperature")
        #expect(fixture.scripted[0].observed.requests.isEmpty)
    }

    @Test("An unknown field is refused by name, unless the server is told to let it pass")
    func unknownField() async throws {
        let body = ServerFixture.chatBody(",\"frobnicate\":1")
        expect(try await fixture.chat(body), 400, code: "unknown_parameter", param: "frobnicate")
        let lenient = ServerFixture(.greeting()) { $0.allowsUnknownFields = true }
        #expect(try await lenient.chat(body).status == 200)
    }

    @Test("A body of another type is refused, JSON with parameters and no type at all are not")
    func contentType() async throws {
        expect(try await fixture.chat(headers: [.contentType: "text/plain"]), 400)
        expect(try await fixture.chat(headers: [.contentType: "application/x-www-form-urlencoded"]), 400)
        for type in ["Application/JSON; charset=utf-8", "application/vnd.api+json", ""] {
            #expect(try await fixture.chat(headers: [.contentType: type]).status == 200)
        }
    }

    @Test("A body over the limit is a 413, whether it says its length or not")
    func bodyTooLarge() async throws {
        let small = ServerFixture(.greeting()) { $0.limits.bodySize = 100 }
        let reply = try await small.chat(ServerFixture.chatBody(",\"user\":\"\(String(repeating: "a", count: 100))\""))
        expect(reply, 413)
        #expect(reply.error?.message.contains("100 bytes") == true)
        #expect(reply.headers.value("connection") == "close")
    }

    @Test(
        "What the admission refuses keeps its status, streamed or not, and reaches no generator",
        arguments: [
            (APIError.rateLimited(.requests, "Full.", retryAfter: 7), 429, "rate_limit_exceeded", "7"),
            (APIError.rateLimited(.tokens, "Full.", retryAfter: 8), 429, "rate_limit_exceeded", "8"),
            (APIError.quotaSpent("Spent."), 429, "insufficient_quota", nil),
        ] as [(APIError, Int, String, String?)])
    func refusedAdmission(error: APIError, status: Int, code: String, retryAfter: String?) async throws {
        for stream in [true, false] {
            var fixture = ServerFixture(.greeting())
            fixture.admission = RecordingAdmission(refusal: error)
            let reply = try await fixture.chat(ServerFixture.chatBody(",\"stream\":\(stream)"))
            expect(reply, status, type: error.type, code: code, param: error.param)
            #expect(reply.headers.value("retry-after") == retryAfter)
            #expect(fixture.scripted[0].observed.requests.isEmpty)
        }
    }

    @Test(
        "What the generator refuses has the status of its kind, streamed or not",
        arguments: [
            (
                GenerationError(.promptTooLong, "no", overflow: .init(contextLength: 128, promptTokens: 500)), 400,
                "context_length_exceeded", "messages"
            ),
            (GenerationError(.template, "no"), 400, "invalid_value", "messages"),
            (GenerationError(.invalidParameter, "no", parameter: .choices), 400, "invalid_value", "n"),
            (GenerationError(.invalidParameter, "no", parameter: .logitBias), 400, "invalid_value", "logit_bias"),
            (
                GenerationError(.unsupportedParameter, "no", parameter: .templateArgument("x")), 400,
                "unsupported_value", "chat_template_kwargs.x"
            ),
            (GenerationError(.overloaded, "full"), 503, "server_is_overloaded", nil),
            (GenerationError(.unavailable, "loading"), 503, "server_is_overloaded", nil),
            // Of a part that nobody knows, no field is accused: it is a failure of ours.
            (GenerationError(.invalidParameter, "no"), 500, "internal_error", nil),
            (GenerationError(.interrupted, "gone"), 500, "internal_error", nil),
        ] as [(GenerationError, Int, String, String?)])
    func refusals(error: GenerationError, status: Int, code: String, param: String?) async throws {
        for stream in [true, false] {
            for generator in [ScriptedGenerator(refusal: error, []), ScriptedGenerator([.failure(error)])] {
                let reply = try await ServerFixture(generator).chat(ServerFixture.chatBody(",\"stream\":\(stream)"))
                let type = status < 500 ? "invalid_request_error" : "server_error"
                expect(reply, status, type: type, code: code, param: param)
                #expect((reply.headers.value("retry-after") != nil) == (status == 503))
            }
        }
    }

    @Test("An error that is ours is a 500 without details, logged with the id of the request")
    func internalError() async throws {
        let broken = ServerFixture(ScriptedGenerator(refusal: GenerationError(.internal, "wires crossed"), []))
        let reply = try await broken.chat()
        expect(reply, 500, type: "server_error", code: "internal_error")
        #expect(!reply.body.contains("wires"))
        let id = try #require(reply.headers.value("x-request-id"))
        #expect(
            broken.recorder.lines.contains {
                $0.level == .error && $0.text.contains("wires crossed") && $0.text.contains(id)
            })
    }

    @Test(
        "Events out of order become a 500, never half a reply",
        arguments: [
            [.event(.accepted(promptTokens: 1)), .event(.text(choice: 0, "a", []))],
            [.event(.finished(choice: 0, .stop))],
            [.event(.text(choice: 1, "a", []))],
            [.event(.usage(Usage(promptTokens: 1, completionTokens: 1)))],
            [.event(.finished(choice: 0, .stop)), .event(.text(choice: 0, "a", []))],
        ] as [[ScriptedGenerator.Step]])
    func brokenOrder(steps: [ScriptedGenerator.Step]) async throws {
        expect(
            try await ServerFixture(ScriptedGenerator(steps)).chat(), 500, type: "server_error",
            code: "internal_error")
    }

    @Test("A wrong method is a 405 that lists the right ones")
    func wrongMethod() async throws {
        for (method, path, allow) in [
            (.get, "/v1/chat/completions", "POST"), (.delete, "/v1/models", "GET, HEAD"),
            (.options, "/v1/models/a/b", "GET, HEAD"), (.post, "/health", "GET, HEAD"),
        ] as [(HTTPRequest.Method, String, String)] {
            let reply = try await fixture.reply(method, path, key: nil)
            expect(reply, 405, code: "method_not_supported")
            #expect(reply.headers.value("allow") == allow)
            #expect(reply.headers.value("access-control-allow-origin") == nil)
        }
    }

    @Test(
        "An unknown path is a 404 in JSON",
        arguments: ["/v1", "/v2/models", "/v1/chat", "/healthy", "/v1/chat/completions/x"])
    func unknownRoute(path: String) async throws {
        let reply = try await fixture.reply(.get, path, key: nil)
        expect(reply, 404)
        #expect(
            reply.error?.message
                == "Invalid URL (GET \(path)). The routes of this server are: GET /health, GET /metrics, "
                + "GET /v1/models, GET /v1/usage, POST /v1/chat/completions, POST /v1/responses, POST /v1/messages, "
                + "POST /v1/messages/count_tokens, GET /, GET /status, GET /pages.")
    }

    @Test("The id of a request is the server's own, and every request has another")
    func requestID() async throws {
        let name = try #require(HTTPField.Name("x-request-id"))
        let first = try await fixture.reply(.get, "/v1/models", headers: [name: "req_mine"])
        let second = try await fixture.reply(.get, "/v1/models")
        let ids = [first, second].compactMap { $0.headers.value("x-request-id") }
        #expect(Set(ids).count == 2)
        #expect(!ids.contains("req_mine"))
    }
}
