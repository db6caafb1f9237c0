import PinionJSON
package import PinionWire
package import TextGeneration

/// Errors as Anthropic's wire shows them: `{"type":"error","error":{"type","message"},"request_id"}`.
package enum AnthropicError {
    /// What Anthropic answers while it is overloaded, and its clients know to wait for.
    private static let overloadedStatus = 529

    /// The HTTP status of an error with this one, which is the same but for a server that cannot answer now.
    package static func status(_ status: Int) -> Int {
        status == 503 ? overloadedStatus : status
    }

    /// The body of the reply.
    package static func body(of error: APIError, requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"type":"error","error":{"type":""#)
        writer.raw(type(of: status(error.status)))
        writer.raw(#"","message":"#)
        writer.string(error.message)
        writer.raw(#"},"request_id":"#)
        writer.string(requestID)
        writer.raw("}")
        return writer.bytes
    }

    /// The kind of an error, which its status says.
    private static func type(of status: Int) -> StaticString {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case overloadedStatus: "overloaded_error"
        case ..<500: "invalid_request_error"
        default: "api_error"
        }
    }

    /// What the client is told of a generation's failure; nil for a failure of the server's own, which is logged and
    /// answered with `APIError.internalError`.
    ///
    /// - Parameter paths: The fields that the request was decoded from.
    package static func error(_ error: GenerationError, paths: FieldPaths = FieldPaths()) -> APIError? {
        if error.code == .promptTooLong, let overflow = error.overflow { return promptTooLong(overflow) }
        return APIError(error, requestedTokens: nil, paths: paths)
    }

    /// In Anthropic's words, which agents look for to know that they have to shorten their history. Where the prompt
    /// was not counted to its end, the count is as far as it went.
    private static func promptTooLong(_ overflow: GenerationError.Overflow) -> APIError {
        // A prompt as long as the context is too long as well, as one token of reply has to fit.
        let maximum = min(overflow.contextLength, max(overflow.promptTokens - 1, 0))
        return APIError(
            status: 400, message: "prompt is too long: \(overflow.promptTokens) tokens > \(maximum) maximum",
            type: "invalid_request_error", code: "context_length_exceeded", param: "messages")
    }
}
