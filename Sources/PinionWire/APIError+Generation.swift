package import TextGeneration

extension APIError {
    /// Seconds after which a refused client may expect a place: about one short reply.
    private static let overloadRetrySeconds = 2
    /// Seconds after which a client may ask a server again that is loading or stopping.
    private static let restartSeconds = 5

    /// What the client of a chat completion is told of a generation's failure; nil for a failure of the server's own,
    /// which is logged and answered with ``internalError``.
    ///
    /// - Parameters:
    ///   - requestedTokens: The limit that the request set to its reply.
    ///   - paths: The fields that the request was decoded from.
    package init?(_ error: GenerationError, requestedTokens: Int?, paths: FieldPaths = FieldPaths()) {
        switch error.code {
        case .promptTooLong:
            guard let overflow = error.overflow else { return nil }
            self = .contextLengthExceeded(
                limit: overflow.contextLength, prompt: overflow.promptTokens, isPartialCount: overflow.isLowerBound,
                requested: requestedTokens, path: paths.messages)
        case .template: self = .invalidValue(paths.messages, error.message)
        case .noTemplate: self = .noChatTemplate(paths.messages)
        case .nothingAllowed: self = .nothingAllowed(paths.path(of: error.parameter ?? .format), error.message)
        case .invalidParameter, .unsupportedParameter:
            guard let parameter = error.parameter else { return nil }
            let (path, isInvalid) = (paths.path(of: parameter), error.code == .invalidParameter)
            switch parameter {
            case .format, .tool:
                self =
                    isInvalid
                    ? .invalidFormat(path, pointer: error.pointer, error.message)
                    : .unsupportedFormat(path, pointer: error.pointer, error.message)
            case .messages, .choices, .logitBias, .toolChoice:
                self =
                    isInvalid
                    ? .invalidValue(path, error.message) : .unsupportedValue(path, got: path, error.message)
            case .templateArgument(let name):
                self =
                    isInvalid
                    ? .invalidValue(path, error.message) : .unsupportedValue(path, got: name, error.message)
            }
        case .limited:
            guard let limit = error.limit else { return nil }
            self = .limited(limit, error.message)
        case .overloaded: self = .overloaded(retryAfter: Self.overloadRetrySeconds)
        case .unavailable: self = .loading
        case .unread: self = .unread
        case .interrupted, .model, .internal: return nil
        }
    }

    /// Longest time, in seconds, that clients of OpenAI's wait for: beyond it they take a time of their own.
    private static let longestRetrySeconds = 120

    private static func limited(_ limit: GenerationError.LimitReached, _ message: String) -> APIError {
        let seconds = limit.retryAfter.map {
            min(max(1, Int(($0 / .seconds(1)).rounded(.up))), longestRetrySeconds)
        }
        return switch limit.kind {
        case .budget: .quotaSpent(message)
        case .requests: .rateLimited(.requests, message, retryAfter: seconds)
        case .tokens: .rateLimited(.tokens, message, retryAfter: seconds)
        }
    }

    /// The client took the reply more slowly than the server can keep it.
    package static var unread: APIError {
        APIError(
            status: 408, message: "The reply was not read as fast as it came, and was given up.",
            type: "invalid_request_error")
    }

    package static var stopping: APIError { unavailable("The server is shutting down.") }
    package static var loading: APIError { unavailable("The model is not ready to answer.") }

    private static func unavailable(_ message: String) -> APIError {
        APIError(
            status: 503, message: message + " Please try again in \(restartSeconds)s.", type: "server_error",
            code: "server_is_overloaded", retryAfter: restartSeconds)
    }
}
