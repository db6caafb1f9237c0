import AnthropicAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Errors of the Messages API")
struct AnthropicErrorTests {
    private static func body(_ error: APIError) -> String {
        String(decoding: AnthropicError.body(of: error, requestID: "req_1"), as: UTF8.self)
    }

    @Test(
        "The status says the type",
        arguments: [
            (.missingKey, 401, "authentication_error"), (.invalidKey, 401, "authentication_error"),
            (.modelNotFound("m"), 404, "not_found_error"),
            (.unknownRoute(method: "GET", path: "/x"), 404, "not_found_error"),
            (.methodNotSupported(method: "GET", path: "/x", allow: ["POST"]), 405, "invalid_request_error"),
            (.bodyTooLarge(limit: 9), 413, "request_too_large"),
            (.missingParameter("model"), 400, "invalid_request_error"),
            (.unread, 408, "invalid_request_error"),
            (.rateLimited(.tokens, "Full.", retryAfter: 3), 429, "rate_limit_error"),
            (.quotaSpent("Spent."), 429, "rate_limit_error"), (.overloaded(retryAfter: 3), 529, "overloaded_error"),
            (.loading, 529, "overloaded_error"), (.stopping, 529, "overloaded_error"),
            (.internalError, 500, "api_error"),
            (APIError(status: 402, message: "m", type: "t"), 402, "billing_error"),
            (APIError(status: 403, message: "m", type: "t"), 403, "permission_error"),
            (APIError(status: 422, message: "m", type: "t"), 422, "invalid_request_error"),
            (APIError(status: 502, message: "m", type: "t"), 502, "api_error"),
            (APIError(status: 504, message: "m", type: "t"), 504, "timeout_error"),
        ] as [(APIError, Int, String)])
    func types(_ error: APIError, _ status: Int, _ type: String) {
        #expect(AnthropicError.status(error.status) == status)
        #expect(
            Self.body(error)
                == #"{"type":"error","error":{"type":"\#(type)","message":\#(quoted(error.message))},"request_id":"req_1"}"#
        )
    }

    @Test(
        "A prompt that is too long is told as agents look for it",
        arguments: [
            (9, false, "9 tokens > 8 maximum"), (8, false, "8 tokens > 7 maximum"), (99, true, "99 tokens > 8 maximum"),
        ])
    func promptTooLong(_ tokens: Int, _ isLowerBound: Bool, _ words: String) throws {
        let overflow = GenerationError.Overflow(contextLength: 8, promptTokens: tokens, isLowerBound: isLowerBound)
        let error = try #require(AnthropicError.error(GenerationError(.promptTooLong, "m", overflow: overflow)))
        #expect(error.status == 400 && error.type == "invalid_request_error")
        #expect(error.message == "prompt is too long: \(words)")
    }

    @Test("Other failures of a generation are told as everywhere, with the fields of this dialect")
    func generation() throws {
        let request = try decodeRequest(
            #"""
            "output_config":{"format":{"type":"json_schema","schema":{}}},
            "tools":[{"type":"bash_20250124","name":"bash"},{"name":"f","input_schema":{}}]
            """#)
        func error(_ code: GenerationError.Code, _ parameter: GenerationError.Parameter? = nil) -> APIError? {
            AnthropicError.error(
                GenerationError(code, "it does not fit", parameter: parameter, pointer: "/a"), paths: request.paths)
        }
        #expect(error(.unsupportedParameter, .format)?.param == "output_config.format.schema")
        #expect(error(.unsupportedParameter, .format)?.message.contains("at '/a'") == true)
        #expect(error(.invalidParameter, .tool(0))?.param == "tools[1].input_schema")
        #expect(error(.nothingAllowed)?.param == "output_config.format.schema")
        #expect(error(.unsupportedParameter, .toolChoice)?.param == "tool_choice")
        #expect(error(.template)?.param == "messages" && error(.noTemplate)?.status == 400)
        #expect(error(.overloaded).map { AnthropicError.status($0.status) } == 529)
        #expect(error(.unavailable).map { AnthropicError.status($0.status) } == 529)
        #expect(error(.interrupted) == nil && error(.model) == nil && error(.internal) == nil)
    }

    @Test("A client's text is repeated in part, and cannot leave its string")
    func hostile() throws {
        let error = try #require(
            requestError(#""output_config":{"effort":\#(quoted(String(repeating: "\"\\", count: 5_000)))}"#))
        #expect(Self.body(error).utf8.count < 600)
        #expect(try parseJSON(Self.body(error)).member("error")?.names == ["type", "message"])
    }
}
