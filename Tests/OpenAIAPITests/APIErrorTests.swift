import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("API errors")
struct APIErrorTests {
    /// A row of the contract's table.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var error: APIError
        var status: Int
        var type = "invalid_request_error"
        var code: String?
        var param: String?
        var retryAfter: Int?
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "no key", error: .missingKey, status: 401),
        Row(name: "wrong key", error: .invalidKey, status: 401, code: "invalid_api_key"),
        Row(name: "model", error: .modelNotFound("a/b"), status: 404, code: "model_not_found"),
        Row(name: "not JSON", error: .bodyNotJSON("x"), status: 400),
        Row(
            name: "missing", error: .missingParameter("messages[0].content"), status: 400,
            code: "missing_required_parameter", param: "messages[0].content"),
        Row(
            name: "type", error: .invalidType("n", expected: "an integer", got: "null"), status: 400,
            code: "invalid_type", param: "n"),
        Row(
            name: "value", error: .invalidValue("messages[0].role", got: "x", supported: ["user"]), status: 400,
            code: "invalid_value", param: "messages[0].role"),
        Row(
            name: "unsupported value", error: .unsupportedValue("store", got: "true", "No."), status: 400,
            code: "unsupported_value", param: "store"),
        Row(
            name: "unsupported parameter", error: .unsupportedParameter("tools", "No."), status: 400,
            code: "unsupported_parameter", param: "tools"),
        Row(
            name: "decimal above", error: .decimalAboveMaximum("temperature", maximum: "2", got: "3"), status: 400,
            code: "decimal_above_max_value", param: "temperature"),
        Row(
            name: "decimal below", error: .decimalBelowMinimum("temperature", minimum: "0", got: "-1"), status: 400,
            code: "decimal_below_min_value", param: "temperature"),
        Row(
            name: "integer above", error: .integerAboveMaximum("n", maximum: "8", got: "9"), status: 400,
            code: "integer_above_max_value", param: "n"),
        Row(
            name: "integer below", error: .integerBelowMinimum("n", minimum: "1", got: "0"), status: 400,
            code: "integer_below_min_value", param: "n"),
        Row(
            name: "unknown field", error: .unknownParameter("foo"), status: 400, code: "unknown_parameter",
            param: "foo"),
        Row(
            name: "context", error: .contextLengthExceeded(limit: 10, prompt: 11), status: 400,
            code: "context_length_exceeded", param: "messages"),
        Row(
            name: "request rate", error: .rateLimited(.requests, "Full.", retryAfter: 20), status: 429,
            type: "requests", code: "rate_limit_exceeded", retryAfter: 20),
        Row(
            name: "token rate", error: .rateLimited(.tokens, "Full.", retryAfter: 1), status: 429, type: "tokens",
            code: "rate_limit_exceeded", retryAfter: 1),
        Row(
            name: "quota", error: .quotaSpent("Spent."), status: 429, type: "insufficient_quota",
            code: "insufficient_quota"),
        Row(
            name: "queue full", error: .overloaded(retryAfter: 2), status: 503, type: "server_error",
            code: "server_is_overloaded", retryAfter: 2),
        Row(
            name: "method", error: .methodNotSupported(method: "GET", path: "/v1/chat/completions", allow: ["POST"]),
            status: 405, code: "method_not_supported"),
        Row(name: "route", error: .unknownRoute(method: "GET", path: "/x"), status: 404),
        Row(name: "body size", error: .bodyTooLarge(limit: 4), status: 413),
        Row(name: "ours", error: .internalError, status: 500, type: "server_error", code: "internal_error"),
    ]

    @Test("Every row of the contract's table has its status, type, code and param", arguments: rows)
    func row(_ row: Row) throws {
        #expect(row.error.status == row.status)
        #expect(row.error.retryAfter == row.retryAfter)
        let body = try JSONValue.parse(row.error.body)
        let inner = try #require(body.member("error"))
        #expect(inner.names == ["message", "type", "param", "code"])
        #expect(inner.member("type") == .string(row.type))
        #expect(inner.member("code") == row.code.map { .string($0) } ?? .null)
        #expect(inner.member("param") == row.param.map { .string($0) } ?? .null)
        #expect(inner.member("message") == .string(row.error.message))
        #expect(!row.error.message.isEmpty)
    }

    @Test("Messages have OpenAI's wording")
    func wording() {
        #expect(
            APIError.decimalAboveMaximum("temperature", maximum: "2", got: "3").message
                == "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.")
        #expect(
            APIError.invalidType("temperature", expected: "a decimal", got: "a string").message
                == "Invalid type for 'temperature': expected a decimal, but got a string instead.")
        #expect(APIError.missingParameter("messages").message == "Missing required parameter: 'messages'.")
        #expect(APIError.unknownParameter("foo").message == "Unknown parameter: 'foo'.")
        #expect(
            APIError.invalidValue("messages[0].role", got: "x", supported: ["a", "b", "c"]).message
                == "Invalid value: 'x'. Supported values are: 'a', 'b', and 'c'.")
        #expect(
            APIError.contextLengthExceeded(limit: 4097, prompt: 3703, requested: 500).message
                == "This model's maximum context length is 4097 tokens. However, you requested 4203 tokens "
                + "(3703 in the messages, 500 in the completion). Please reduce the length of the messages or completion."
        )
        #expect(
            APIError.contextLengthExceeded(limit: 10, prompt: 11, isPartialCount: true).message
                == "This model's maximum context length is 10 tokens. However, your messages resulted in more than 11 "
                + "tokens. Please reduce the length of the messages.")
        #expect(
            APIError.contextLengthExceeded(limit: 10, prompt: 11, isPartialCount: true, requested: 5).message
                == "This model's maximum context length is 10 tokens. However, you requested more than 16 tokens "
                + "(more than 11 in the messages, 5 in the completion). "
                + "Please reduce the length of the messages or completion.")
    }

    @Test("A 405 names the methods that are allowed")
    func allow() {
        #expect(
            APIError.methodNotSupported(method: "PUT", path: "/", allow: ["GET", "HEAD"]).allow == ["GET", "HEAD"])
    }

    @Test("A reply never repeats more than a piece of the caller's text")
    func clipping() {
        // One character, and scalars of one to four bytes.
        for unit in ["a", "é", "日", "😀", "\u{301}\u{316}"] {
            let long = "x" + String(repeating: unit, count: 1_000_000)
            for error: APIError in [
                .unknownParameter(long), .modelNotFound(long), .unknownRoute(method: long, path: long),
                .invalidValue("a", got: long, supported: ["b"]),
                .methodNotSupported(method: long, path: long, allow: []),
                .invalidType(long, expected: "a string", got: "null"), .invalidValue(long, "No."),
                .unsupportedValue(long, got: long, "No."), .decimalAboveMaximum(long, maximum: "1", got: long),
            ] {
                // At most three pieces of 80 bytes with their ellipses, beside words of ours.
                #expect(error.body.count < 3 * 83 + 250)
                #expect(error.param.map { $0.utf8.count <= 80 + "…".utf8.count } ?? true)
            }
        }
    }

    @Test("A piece of the caller's text is at most 80 bytes long and ends with a whole scalar")
    func quoted() {
        #expect(APIError.quoted(String(repeating: "a", count: 80)) == String(repeating: "a", count: 80))
        #expect(APIError.quoted(String(repeating: "a", count: 81)) == String(repeating: "a", count: 80) + "…")
        #expect(APIError.quoted(String(repeating: "日", count: 30)) == String(repeating: "日", count: 26) + "…")
        #expect(APIError.quoted("") == "")
    }

    @Test("An unknown model is told the models there are, at most eight of them by name")
    func servedModels() {
        let start = "The model `gpt-4o` does not exist or you do not have access to it."
        #expect(APIError.modelNotFound("gpt-4o").message == start)
        #expect(
            APIError.modelNotFound("gpt-4o", served: ["a/1", "b/2"]).message
                == start + " The models of this server are: `a/1`, `b/2`.")
        let many = APIError.modelNotFound("gpt-4o", served: (1...10).map { "m/\($0)" })
        #expect(many.message.hasSuffix(" `m/7`, `m/8`, and 2 more."))
        #expect(many.code == "model_not_found" && many.status == 404)
    }

    @Test("An unknown route is told the routes there are")
    func routes() {
        #expect(
            APIError.unknownRoute(method: "GET", path: "/x", routes: ["GET /health", "POST /v1/chat/completions"])
                .message
                == "Invalid URL (GET /x). The routes of this server are: GET /health, POST /v1/chat/completions.")
    }

    @Test(
        "A conversation that makes no prompt is named as the route calls it",
        arguments: [
            GenerationError(.promptTooLong, "m", overflow: .init(contextLength: 8, promptTokens: 9)),
            GenerationError(.noTemplate, "m"), GenerationError(.template, "m"),
        ])
    func conversation(error: GenerationError) {
        var paths = FieldPaths()
        #expect(APIError(error, requestedTokens: nil, paths: paths)?.param == "messages")
        paths.messages = "input"
        #expect(APIError(error, requestedTokens: nil, paths: paths)?.param == "input")
    }

    @Test("Token sums beyond an integer do not trap")
    func hugeContext() {
        #expect(APIError.contextLengthExceeded(limit: 1, prompt: .max, requested: .max).status == 400)
    }
}
