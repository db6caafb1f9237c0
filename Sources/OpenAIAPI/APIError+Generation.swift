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
    ///   - formatField: The field that the reply's format was read from.
    package init?(_ error: GenerationError, requestedTokens: Int?, formatField: String? = nil) {
        switch error.code {
        case .promptTooLong:
            guard let overflow = error.overflow else { return nil }
            self = .contextLengthExceeded(
                limit: overflow.contextLength, prompt: overflow.promptTokens, isPartialCount: overflow.isLowerBound,
                requested: requestedTokens)
        case .template: self = .invalidValue("messages", error.message)
        case .noTemplate: self = .noChatTemplate
        case .nothingAllowed: self = .nothingAllowed(formatField ?? GenerationError.Parameter.formatName, error.message)
        case .invalidParameter, .unsupportedParameter:
            guard let parameter = error.parameter else { return nil }
            if parameter == .format {
                let field = formatField ?? GenerationError.Parameter.formatName
                self =
                    error.code == .invalidParameter
                    ? .invalidFormat(field, pointer: error.pointer, error.message)
                    : .unsupportedFormat(field, pointer: error.pointer, error.message)
                return
            }
            if case .tool = parameter {
                self =
                    error.code == .invalidParameter
                    ? .invalidFormat(parameter.wireName, pointer: error.pointer, error.message)
                    : .unsupportedFormat(parameter.wireName, pointer: error.pointer, error.message)
                return
            }
            self =
                error.code == .invalidParameter
                ? .invalidValue(parameter.wireName, error.message)
                : .unsupportedValue(parameter.wireName, got: parameter.lastName, error.message)
        case .overloaded: self = .overloaded(retryAfter: Self.overloadRetrySeconds)
        case .unavailable: self = .loading
        case .unread: self = .unread
        case .interrupted, .model, .internal: return nil
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
            code: "server_overloaded", retryAfter: restartSeconds)
    }
}

extension GenerationError.Parameter {
    /// What the format's field is called where the request is not at hand.
    fileprivate static let formatName = "response_format"

    /// The path of the field that the parameter was decoded from.
    fileprivate var wireName: String {
        switch self {
        case .messages: "messages"
        case .choices: "n"
        case .logitBias: "logit_bias"
        case .format: Self.formatName
        case .tool(let index): "tools[\(index)]"
        case .toolChoice: "tool_choice"
        case .templateArgument(let name): "chat_template_kwargs.\(name)"
        }
    }

    /// The last part of the path.
    fileprivate var lastName: String {
        if case .templateArgument(let name) = self { name } else { wireName }
    }
}
